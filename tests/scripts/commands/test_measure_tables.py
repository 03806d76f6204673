"""What ``surefoot measure`` prints: figures stand where their heads say, and what a model said is shown, not obeyed."""

from typing import Any

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.measured import KindRate, Mix, MixNeed, PairRate, ReplyExample, StateRate
from surefoot.runtime.forecast.measurement_file import Measurement, Saved, recommended, setting_of
from surefoot.runtime.leads import Leads
from surefoot.scripts.commands.measure_tables import print_comparison, print_measurement, print_mix
from surefoot.voting.beta_binomial import BetaBinomial


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that are not broken."""
    monkeypatch.setenv("COLUMNS", "800")


HOSTILE = "\x1b[2J[bold]peg\nB"


def kind(**changed: Any) -> KindRate:
    usual = {"kind": "move", "answers": 200, "valid": 160, "wrong": 8, "p_error": 0.05}
    bounds = {"p_error_low": 0.02, "p_error_high": 0.09, "p_not_right": 0.24}
    work = {"red_flags": {"misformatted": 30, "illegal": 10}, "seconds": 0.25, "tokens_in": 51.4, "tokens_out": 3.0}
    return KindRate(**{**usual, **bounds, **work, **changed})


def measurement(**changed: Any) -> Measurement:
    usual: dict[str, Any] = {
        "samples": 100, "draws": 2, "p_error": 0.05, "p_error_low": 0.02, "p_error_high": 0.09, "valid_rate": 0.8,
        "red_flags": {}, "k_min": 4, "leads": Leads(2, 5, 7), "predicted_calls": 1234.0, "predicted_cost_usd": 0.5,
        "predicted_p_success": 0.999, "collisions": 3, "collisions_alike": 1, "collisions_expected": 0.25,
        "kinds": [kind()], "tokens_in": 51.4, "tokens_out": 3.0, "cost_usd": 0.01, "target": 0.99, "seed": 7,
        "model": "m", "predicted_tokens_in": 60_000.0, "predicted_tokens_out": 4_000.0, "predicted_wall_s": 300.0,
    }  # fmt: skip
    return Measurement(**{**usual, **changed})


def shown(capsys: pytest.CaptureFixture[str], m: Measurement, **options: Any) -> str:
    config = RunConfig(**{"task": "hanoi", "task_options": {}, "model": "m", **options})
    print_measurement(config, m)
    return " ".join(capsys.readouterr().out.split())


def test_one_question_asked_again_and_again_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    told = "all of them are one question"
    assert told in shown(capsys, measurement(states_asked=1))
    for other in ({"states_asked": 2}, {"states_asked": 1, "samples": 1}):
        assert told not in shown(capsys, measurement(**other))


def test_errors_before_and_after_red_flags_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, measurement(p_not_right=0.24))
    assert "hanoi with m: 100 steps x 2 draws, seed 7" in told
    assert "move 160 of 200 8 5 2 to 9 24" in told
    assert "all 160 of 200 8 5 2 to 9 24" in told
    assert "illegal 5.00%, misformatted 15.00% 0.25 51.4 3.0 0 0" in told


def test_the_total_is_of_all_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, measurement(kinds=[kind(), kind(kind="goal", answers=50, valid=40, wrong=1)]))
    assert "all 200 of 250 9" in told


def test_a_rate_that_nobody_knows_is_not_shown_as_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent = kind(valid=0, wrong=0, p_error=None, p_error_low=0.0, p_error_high=1.0, red_flags={})
    told = shown(capsys, measurement(kinds=[silent], p_error=None, leads=None))
    assert "move 0 of 200 0 unknown - 24" in told
    assert "no lead can be chosen" in told
    assert "predicted" not in told


def test_what_a_whole_run_needs_is_one_sentence_with_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, measurement())
    assert "with probability 0.99: lead 5 where a mistake is final, 2 before a seam" in told
    figures = "predicted 1,234 calls, 60,000 tokens in, 4,000 out, $0.5000, 5.0 minutes, probability 0.9990"
    assert figures in told
    assert "price unknown" in shown(capsys, measurement(predicted_cost_usd=None))


def test_a_length_that_is_only_a_bound_says_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, measurement(length_is_bound=True))
    assert "predicted at most 1,234 calls" in told
    assert "at most, as hanoi does not say how many steps are usual" in told
    assert "at most" not in shown(capsys, measurement())


@pytest.mark.parametrize(("chains", "said"), [(0.0049, False), (0.005, True), (3.2, True)])
def test_mistakes_that_may_cancel_out_are_mentioned_once_they_matter(
    capsys: pytest.CaptureFixture[str], chains: float, said: bool
) -> None:
    assert ("two mistakes in one chain" in shown(capsys, measurement(double_mistakes=chains))) == said


def test_leads_of_a_pilot_are_shown_where_the_run_would_choose(capsys: pytest.CaptureFixture[str]) -> None:
    m = measurement(pilot_leads=Leads(1, 3, 5))
    assert "a pilot that sees what was seen here chooses lead 3 where" in shown(capsys, m, k="auto")
    assert "pilot" not in shown(capsys, m, k=3)


def state(**changed: Any) -> StateRate:
    usual = {"kind": "move", "number": 1, "question": "rules\nfrom A to B?\n\n", "right": "A", "right_share": 0.25}
    rest = {"wrong": "B", "wrong_share": 0.75, "readable": 8, "answers": 10, "lost": True, "surely_lost": True}
    return StateRate(**{**usual, **rest, **changed})


def test_the_worst_states_are_shown_with_their_question_and_shares(capsys: pytest.CaptureFixture[str]) -> None:
    many = [state(number=number) for number in range(14)]
    told = shown(capsys, measurement(states=many, states_asked=90))
    assert "worst 10 of 90 states" in told
    assert told.count("8 of 10 A 25% B 75%") == 10
    assert "from A to B?" in told
    none = shown(capsys, measurement(states=[state(readable=0, right_share=0.0, wrong="", wrong_share=0.0)]))
    assert "0 of 10 A - - -" in none


def test_replies_are_on_one_line_and_obeyed_by_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    read = ReplyExample(HOSTILE, "q", HOSTILE, "", HOSTILE, "", HOSTILE)
    dropped = ReplyExample("move", "q", HOSTILE, "misformatted", "", "no peg", "A")
    print_measurement(
        RunConfig(task="hanoi", model=HOSTILE),
        measurement(examples=[read, dropped], kinds=[kind(kind=HOSTILE)], states=[state(right=HOSTILE)]),
    )
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "discarded, move: misformatted (no peg): '" in out
    assert out.count("\nwrong, ") == 1
    assert "[bold]" in out


def test_a_long_reply_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    long = ReplyExample("move", "q", "x" * 500, "", "y" * 500, "", "z" * 500)
    print_measurement(RunConfig(task="hanoi", model="m"), measurement(examples=[long]))
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("wrong, move")]
    assert len(line) < 300
    assert line.count("...") == 3


def test_how_far_answers_go_wrong_together(capsys: pytest.CaptureFixture[str]) -> None:
    spread = BetaBinomial(0.5, 9.5, 0.0909, 0.01)
    told = shown(capsys, measurement(spread=spread, latency_s=0.5, seconds_per_answer=0.001))
    assert "collisions 3 (the first two answers wrong; 1 of them alike), 0.25 expected" in told
    assert "one call takes 0.5 s alone; 1,000 answers a second together" in told
    assert f"correlate by {spread.correlation:.3f}" in told
    assert "none was wrong, or there are none" in told
    final = shown(capsys, measurement(spread=spread, spread_final=spread, k_min_beta_binomial=9))
    assert "lead 9 would do for the steps whose mistakes are final" in final
    assert "no lead would do" in shown(capsys, measurement(spread=spread, spread_final=spread))


def need(name: str, **changed: Any) -> MixNeed:
    return MixNeed(**{"name": name, "p_error": 0.02, "lost": 4, "lead": 6, "calls_per_step": 7.5, "p_success": 0.99,
                      **changed})  # fmt: skip


def test_a_mix_says_what_each_needs_alone_and_all_together(capsys: pytest.CaptureFixture[str]) -> None:
    pair = PairRate("a", "b", 100, 0.02, 0.04, 0.01, 0.0008, 0.005, None)
    silent, perfect, hopeless = (
        need("c", p_error=None), need("d", p_error=0.0, lead=None, lost=0), need("e", lead=None)
    )  # fmt: skip
    together = need("a, b", p_error=0.03, lead=3, calls_per_step=3.25)
    print_mix(Mix(["a", "b"], [pair], [need("a"), silent, perfect, hopeless], together))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["a", "and", "b", "1", "0.08", "0.5", "-"]
    assert lines[2] == "a alone: error 2 %, 4 steps mostly wrong; without seams lead 6, 7.5 ballots a step"
    assert lines[3] == "c alone: no answer was readable"
    assert lines[4].endswith("0 steps mostly wrong; nothing was wrong")
    assert lines[5].endswith("no lead holds the target over such steps")
    assert lines[6].startswith("a, b taking turns: error 3 %")


def test_the_comparison_names_the_model_to_take(capsys: pytest.CaptureFixture[str]) -> None:
    cheap, dear = measurement(model="cheap"), measurement(model="dear", predicted_cost_usd=9.0)
    print_comparison(Saved([cheap, dear], "cheap"))
    out = capsys.readouterr().out
    assert "take cheap: the cheapest for the target" in out
    assert "uneven" not in out
    print_comparison(Saved([measurement(model="cheap", predicted_p_success_spread=0.5)], "cheap"))
    assert "its errors are uneven" in capsys.readouterr().out
    print_comparison(Saved([dear], None))
    assert "none reaches the target" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("costs", "taken"),
    [
        ((2.0, 1.0, 3.0), 1),
        ((None, 5.0, 6.0), 1),  # an unknown price counts as dearer than any known one
        ((None, None, None), 0),
    ],
)
def test_the_cheapest_that_reaches_the_target_is_recommended(costs: tuple[float | None, ...], taken: int) -> None:
    found = [
        measurement(model=str(n), predicted_cost_usd=cost, predicted_calls=100.0 + n) for n, cost in enumerate(costs)
    ]
    best = recommended(found)
    assert best is not None
    assert best.model == str(taken)


def test_one_that_holds_for_uneven_steps_goes_before_a_cheaper_one_that_does_not() -> None:
    uneven = measurement(model="uneven", predicted_cost_usd=0.1, predicted_p_success_spread=0.5)
    even = measurement(model="even", predicted_cost_usd=9.0)
    assert recommended([uneven, even]) is even
    assert recommended([uneven]) is uneven
    assert recommended([measurement(predicted_p_success=0.5), measurement(predicted_p_success=None)]) is None


def test_a_measurement_counts_for_runs_with_the_same_setting_alone() -> None:
    one = RunConfig(task="hanoi", task_options={"disks": 5}, model="m")
    assert setting_of(one) == setting_of(RunConfig(task="hanoi", task_options={"disks": 5}, model="m", seed=9, k=3))
    assert setting_of(one) != setting_of(RunConfig(task="hanoi", task_options={"disks": 6}, model="m"))
    assert setting_of(one) != setting_of(RunConfig(task="hanoi", task_options={"disks": 5}, model="m", temperature=0.1))
