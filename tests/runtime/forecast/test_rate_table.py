"""Properties of rates and retries, whatever was seen."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.forecast.chains import most_retries, retries_of
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.voting.error_rate import confidence_sequence, middle_rate

NAMES = ("move", "split", "carry")


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    kinds = []
    for name in NAMES[: draw(st.integers(0, 3))]:
        answers = draw(st.integers(1, 500))
        trials = draw(st.integers(0, answers))
        kinds.append(KindEstimate(name, trials, draw(st.integers(0, trials)), answers, 7.0, 3.0))
    trials, errors = sum(k.trials for k in kinds), sum(k.errors for k in kinds)
    spoiled = sum(k.answers for k in kinds) - trials
    high = confidence_sequence(errors, trials).high
    middle = middle_rate(errors, trials)
    return Estimate(
        trials, errors, spoiled, middle, max(middle, high), kinds=tuple(kinds), trials=trials, errors=errors
    )


@given(estimates())
def test_rates_are_probabilities_and_never_better_than_what_all_say_for_sure(estimate: Estimate) -> None:
    table = rate_table(estimate)
    for kind in (*NAMES, "", "unheard of"):
        rates = table.of(kind)
        assert 0 <= rates.p <= 1
        assert 0 < rates.valid <= 1
        assert rates.p_error_high >= estimate.p_error_high
    assert table.of("unheard of") == table.of("") == table.all
    assert table.p_error == estimate.p_error


@given(estimates(), st.integers(2, 50))
def test_more_of_the_same_answers_move_a_kind_towards_its_own_rate(estimate: Estimate, times: int) -> None:
    """Shrinkage fades: with the same shares and more answers the rate is no farther from the kind's own."""
    for kind in estimate.kinds:
        if kind.trials:
            own = kind.errors / kind.trials
            more = KindEstimate(kind.kind, kind.trials * times, kind.errors * times, kind.answers * times, 7.0, 3.0)
            others = [one for one in estimate.kinds if one.kind != kind.kind]
            if not others:
                near, far = (
                    abs(1 - rate_table(_with(estimate, one)).of(kind.kind).p - own) for one in (more, kind)
                )  # fmt: skip
                assert near <= far + 0.5 / (kind.trials + 1)


def _with(estimate: Estimate, kind: KindEstimate) -> Estimate:
    middle = middle_rate(kind.errors, kind.trials)
    high = max(middle, confidence_sequence(kind.errors, kind.trials).high)
    return Estimate(
        kind.trials, kind.errors, estimate.spoiled, middle, high, kinds=(kind,), trials=kind.trials, errors=kind.errors
    )


@given(st.floats(0, 0.3), st.integers(1, 127))
def test_a_longer_chain_or_a_worse_step_is_run_again_more_often(p_wrong: float, length: int) -> None:
    here = retries_of(p_wrong, length)
    assert here.runs <= retries_of(p_wrong, length + 1).runs + 1e-12
    assert here.runs <= retries_of(min(0.9, p_wrong + 0.05), length).runs + 1e-12
    assert here.runs <= length * p_wrong / (1 - p_wrong) + 1e-9  # at most one run for each mistake that is made
    assert here.suspects >= here.runs - 1e-12


@given(st.floats(0, 0.2), st.integers(1, 40), st.integers(1, 30), st.integers(1, 5))
def test_the_worst_of_many_chains_is_no_better_than_one(p_wrong: float, length: int, chains: int, most: int) -> None:
    one, many = most_retries(p_wrong, length, 1, most), most_retries(p_wrong, length, chains, most)
    assert -1e-9 <= one <= many + 1e-9 <= most + 2e-9
