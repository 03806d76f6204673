"""What a run says of its model before it spends money."""

import pathlib
from collections.abc import Callable

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.pilot_verdicts import pilot_verdicts
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.worker.local_pool import LocalPool


def kind(name: str, trials: int, errors: int, answers: int) -> KindEstimate:
    return KindEstimate(name, trials, errors, answers, 1, 1)


def test_a_kind_that_cannot_be_read_and_steps_that_do_not_agree_are_said() -> None:
    kinds = (kind("split", 0, 0, 16), kind("move", 40, 2, 44), kind("carry", 12, 5, 12), kind("rare", 3, 2, 3))
    said = pilot_verdicts(Estimate(55, 9, 20, 0.1, 0.2, votes=((3, 0, 10), (1, 1, 2), (1, 2, 1)), kinds=kinds))
    assert [line.partition(":")[0] for line in said[:2]] == ["kind split", "kind carry"]
    assert "0 of 16 readable: this model cannot be asked this so" in said[0]
    assert "5 of 12 readable answers dissent: votes may make it worse there" in said[1]
    assert said[2].startswith("at 3 of 13 steps of the pilot no answer had a majority")
    assert len(said) == 3
    assert pilot_verdicts(Estimate(40, 1, 0, 0.03, 0.1, votes=((3, 0, 12), (2, 1, 1)), kinds=kinds[1:2])) == []


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (Profile(p_refuse=1), "0 of 60 answers of the pilot were readable: this model cannot be asked this so"),
        (Profile(p_error=0.8), "votes may make it worse, no lead can be chosen"),
    ],
)
async def test_a_run_that_votes_cannot_carry_ends_after_its_pilot(
    configured: Callable[..., RunConfig], tmp_path: pathlib.Path, profile: Profile, words: str
) -> None:
    """Nothing but the pilot is asked. The notes before it name the kinds."""
    config = configured("hanoi", {"disks": 8}, k="auto", red_flags="none")
    task, model, notes = open_task(config), SimulatedModel(hanoi.answers, profile), list[str]()
    pool, journal = LocalPool(config, task, [model]), create_journal(tmp_path)
    try:
        with pytest.raises(ConfigurationError, match=words):
            await Coordinator(config, task, journal, pool, on_note=notes.append).run()
    finally:
        await pool.close()
        journal.close()
    assert model.asked == 60
    assert any(note.startswith(("kind move", "at ")) for note in notes)
