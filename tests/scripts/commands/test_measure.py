"""Several models in one table, with a recommendation, saved as JSON and as a plot."""

import json
import pathlib

import pytest

from surefoot.scripts.commands.cli import main

GOOD, BAD = "simulated:p_error=0.002", "simulated:p_error=0.2,p_format=0.1"
UNEVEN = "simulated:p_hard=0.05"


def measured(capsys: pytest.CaptureFixture[str], *options: str) -> dict:  # type: ignore[type-arg]
    with pytest.raises(SystemExit) as left:
        main(["measure", "hanoi", "--disks", "7", "--red-flags", "none", "--json", *options])
    assert left.value.code == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])  # type: ignore[no-any-return]


def test_the_cheaper_model_is_recommended(capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    for order in ((GOOD, BAD), (BAD, GOOD)):
        options = [word for model in order for word in ("--model", model)]
        found = measured(capsys, *options, "--save", str(tmp_path / "m"))
        assert found["recommended"] == found["model"] == GOOD
        good, bad = sorted(found["models"], key=lambda m: m["p_error"])
        assert good["predicted_calls"] < bad["predicted_calls"]
        assert good["p_error_low"] <= good["p_error"] <= good["p_error_high"] < bad["p_error_low"]
    saved = json.loads((tmp_path / "m" / "measure.json").read_text())
    assert saved["recommended"] == GOOD
    assert "<svg" in (tmp_path / "m" / "measure.html").read_text()


def test_the_model_may_stand_in_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUREFOOT_MODEL", GOOD)
    few = ("--samples", "5", "--draws", "2")
    assert measured(capsys, *few)["model"] == GOOD
    assert measured(capsys, *few, "--model", BAD)["model"] == BAD


def test_uneven_steps_are_told_from_even_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """The same mean error rate: in one model all of it sits on one step in twenty."""
    uneven = measured(capsys, "--model", UNEVEN, "--draws", "4", "--samples", "1500")
    even = measured(capsys, "--model", "simulated:p_error=0.022", "--draws", "4", "--samples", "1500")
    assert uneven["p_error"] == pytest.approx(even["p_error"], rel=0.5)
    assert uneven["spread"]["correlation"] > 0.2 > 0.05 > even["spread"]["correlation"]
    assert uneven["collisions"] > 5 * uneven["collisions_expected"]
    assert uneven["spread"]["lost"] > 0.001 > even["spread"]["lost"]


def test_a_run_begins_with_the_leads_that_were_stated(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    """With the measurement, and without it where the pilot sees what the measurement saw."""
    model = ["--model", "simulated:p_error=0.05"]
    stated = measured(capsys, *model, "--save", str(tmp_path / "m"))
    file = str(tmp_path / "m" / "measure.json")
    for name, options, leads in (("a", ["--measurement", file], "leads"), ("b", [], "pilot_leads")):
        begins = [
            "run",
            "hanoi",
            "--disks",
            "7",
            "--red-flags",
            "none",
            "--address",
            "none",
            "--json",
            *model,
            *options,
        ]
        with pytest.raises(SystemExit):
            main([*begins, "--run-dir", str(tmp_path / name)])
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert told["leads"] == {key: value for key, value in stated[leads].items() if isinstance(value, int)}
    with pytest.raises(SystemExit) as left:
        main(["run", "hanoi", "--disks", "7", "--address", "none", *model, "--measurement", file])
    assert left.value.code == 2
    assert "was made with red_flags 'none', not 'all'" in capsys.readouterr().err


def printed(capsys: pytest.CaptureFixture[str], model: str, *options: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(["measure", "hanoi", "--disks", "5", "--model", model, "--samples", "60", *options])
    assert left.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_model_that_cannot_be_asked_is_said_so_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "simulated:p_format=1")
    assert "kind move: 0 of" in text
    assert "this model cannot be asked this so" in text
    assert "unknown" in text
    assert "discarded, move: misformatted (???): '???'" in text
    assert "what to try next: --structured or another --dialect" in text
    assert "no lead can be chosen" in text


def test_states_replies_and_verdicts_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "simulated:p_shared=0.2,p_error=0.05", "--red-flags", "none")
    assert "worst 10 of" in text
    assert "votes make it worse there" in text
    assert "wrong, move: read as" in text
    assert "after red flags" in text
    good = printed(capsys, "simulated", "--red-flags", "none")
    assert "nothing that votes could correct was seen" in good
    assert "votes help" in printed(capsys, "simulated:p_error=0.05", "--red-flags", "none", "--draws", "9")
    assert "what to try next" not in good
    assert "worst" not in good


def test_models_that_take_turns_are_held_against_each_other(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    """Placebo: a model and itself."""
    mix = ["--model", f"{UNEVEN},{GOOD}", "--model", f"{UNEVEN},{UNEVEN}", "--save", str(tmp_path / "m")]
    found = measured(capsys, *mix, "--samples", "600")
    assert [m["model"] for m in found["models"]] == [UNEVEN, GOOD, UNEVEN, UNEVEN]
    other, same = found["mixes"]
    assert other["models"] == [UNEVEN, GOOD]
    assert same["pairs"][0]["correlation"] > 3 * abs(other["pairs"][0]["correlation"] or 0)
    assert same["pairs"][0]["both_wrong"] > 3 * same["pairs"][0]["both_wrong_expected"]
    assert json.loads((tmp_path / "m" / "measure.json").read_text())["mixes"] == found["mixes"]
    text = printed(capsys, f"{UNEVEN},{GOOD}")
    assert "taking turns" in text


def test_a_measurement_takes_prices_and_ends_at_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    few = ("--model", GOOD, "--samples", "10", "--price-in", "1", "--price-out", "4")
    assert measured(capsys, *few, "--max-cost-usd", "1")["predicted_cost_usd"] > 0
    for limit in ("--max-cost-usd", "--max-calls"):
        with pytest.raises(SystemExit) as left:
            main(["measure", "hanoi", "--disks", "7", *few, limit, "1e-6" if "usd" in limit else "5"])
        assert left.value.code == 3
        assert f"{limit}: what is left does not cover the next call (" in capsys.readouterr().err
