"""What a run says of its model before it spends money."""

import pathlib
from collections.abc import Callable

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate, Sample
from surefoot.runtime.forecast.pilot_verdicts import failing_kinds, pilot_examples, pilot_table, pilot_verdicts
from surefoot.runtime.forecast.remedies import remedies
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.kept_step import KeptReply
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


def test_the_table_has_a_line_for_each_kind() -> None:
    found = Estimate(52, 7, 20, 0.1, 0.2, kinds=(kind("split", 0, 0, 16), kind("move", 40, 2, 44)))
    assert pilot_table(found) == [
        "pilot, kind split: 0 of 16 readable, 0 dissent",
        "pilot, kind move: 40 of 44 readable, 2 dissent",
    ]
    assert failing_kinds(found) == ["split"]


def test_what_was_said_is_quoted_and_obeyed_by_nothing() -> None:
    said = (KeptReply("I am\x1b[2J sorry", "refused", ""), KeptReply("x", "refused", ""), KeptReply("3", "", "3"))
    disputed = (KeptReply("3", "", "3"), KeptReply("3 ", "", "3"), KeptReply("4", "", "4"))
    samples = [Sample(number, "move", (), replies=replies) for number, replies in enumerate((said, disputed, disputed))]
    found = pilot_examples(samples)
    assert [line.partition(":")[0] for line in found] == ["discarded, move", "no agreement, move"]
    assert "\x1b" not in found[0]
    assert found[1] == "no agreement, move: '3' and '4'"


def test_what_to_try_is_named_for_the_model_and_the_task(configured: Callable[..., RunConfig]) -> None:
    asked = configured("hanoi", model="openai/gpt", dialect="chat")
    micro, tune = remedies(asked, ["move"])
    assert micro.startswith("--dialect micro")
    assert tune.startswith("surefoot tune hanoi --kind move --model openai/gpt")
    assert remedies(configured("hanoi", model="smollm2"), ["next"]) == [
        "surefoot tune hanoi --kind next --model smollm2, which searches for a better wording"
    ]
    assert remedies(asked, []) == []
    assert remedies(configured("hanoi", model="bundled"), ["move"]) == []
    assert len(remedies(configured("sort", model="a/b,c/d"), ["move"])) == 0


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


@pytest.mark.parametrize(("options", "proposed"), [({"graph": "n7tree"}, True), ({"edges": "1-2 2-3 3-1 3-4"}, False)])
def test_small_questions_are_proposed_for_castles_that_can_be_asked_so(
    configured: Callable[..., RunConfig], options: dict[str, str], proposed: bool
) -> None:
    """A castle with a circle has no such questions: what is proposed must be possible."""
    asked = configured("graph", {**options, "start": 4, "goal": 1}, model="openai/gpt", dialect="chat")
    assert any(one.startswith("--dialect micro") for one in remedies(asked, ["propose"])) is proposed
