"""A question for each row: typed answers in the order of the rows, and one bad row is one bad row."""

import asyncio
import dataclasses
import decimal
import pathlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import pydantic
import pytest

import surefoot
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.errors import ConfigurationError, ResumeMismatch
from surefoot.runtime.models.port import Model, Reply, Request, Stop
from surefoot.runtime.session.mapping import TABLE, KeptTable, MapRun, drive, open_run
from surefoot.runtime.session.table import Table, keep_table
from tests.data.own.row_tasks import Next, answers
from tests.runtime.execution.models import QUIET, Counted
from tests.runtime.journal.in_memory import InMemoryJournal

QUESTION = "Say it again: {text}"


class Echo(Model):
    """Says what it is asked to say; what is planted it says to one prompt, draw by draw."""

    dialect = "chat"

    def __init__(self, planted: dict[str, list[str]] | None = None, cost_usd: float | None = 0.0) -> None:
        self.planted, self.cost_usd = planted or {}, cost_usd
        self.asked: list[str] = []

    async def ask(self, request: Request) -> list[Reply]:
        text = request.prompt.user.partition("again: ")[2].partition("\n")[0]
        return [self._reply(text) for _ in request.draws]

    def _reply(self, text: str) -> Reply:
        said = self.planted.get(text, [])
        nth = self.asked.count(text)
        self.asked.append(text)
        return Reply(said[nth] if nth < len(said) else text, Stop.END, 1, 1, self.cost_usd)

    async def close(self) -> None:
        pass


class Invoice(msgspec.Struct):
    """A record."""

    vendor: str
    total: decimal.Decimal


class Bill(pydantic.BaseModel):
    """The same as a Pydantic model."""

    vendor: str
    total: decimal.Decimal


@dataclasses.dataclass
class Paper:
    """The same as a dataclass."""

    vendor: str
    total: decimal.Decimal


def ask(rows: Any, directory: pathlib.Path, model: Model | None = None, output: Any = None, **options: Any) -> MapRun:
    return surefoot.map(rows, QUESTION, model or Echo(), output=output, run_dir=directory, **{**QUIET, **options})


def test_answers_come_in_the_order_of_the_rows(tmp_path: pathlib.Path) -> None:
    texts = [f"row {number}" for number in range(300)]
    found = ask(texts, tmp_path / "r", chains_in_flight=7)
    assert (found.status, found.output) == ("solved", texts)
    assert [one.row for one in found.results()] == list(range(300))
    assert found.counts.calls == found.counts.steps == 300


@pytest.mark.parametrize("kind", [Invoice, Bill, Paper])
def test_answers_have_the_type_that_was_asked_for(kind: Any, tmp_path: pathlib.Path) -> None:
    found = ask(['{"vendor": "Ash", "total": "12.50"}'], tmp_path / "r", output=kind)
    [answer] = found.output
    assert isinstance(answer, kind)
    assert (answer.vendor, answer.total) == ("Ash", decimal.Decimal("12.50"))
    later = surefoot.open(tmp_path / "r")
    assert isinstance(later, MapRun)
    assert later.output[0]["vendor"] == "Ash", "the type is not at hand: builtin values"


@pytest.mark.parametrize(
    ("output", "said", "answer"),
    [
        (int, "7", 7),
        (Literal["yes", "no"], "Yes", "yes"),
        (bool, "true", True),
        ("total: integer", '{"total": 7}', {"total": 7}),
    ],
    ids=str,
)
def test_plain_types(output: Any, said: str, answer: Any, tmp_path: pathlib.Path) -> None:
    [one] = ask([said], tmp_path / "r", output=output).results()
    assert (one.error, one.answer) == ("", answer)


def test_a_row_that_no_reply_answers_is_one_bad_row(tmp_path: pathlib.Path) -> None:
    found = ask(["1", "2", "not a number", "4"], tmp_path / "r", output=int)
    assert (found.status, found.output) == ("solved", [1, 2, None, 4])
    bad = list(found.results())[2]
    assert bad.error.startswith("StepDeadlocked: ")
    assert found.counts.failed_nodes == 1
    assert found.preview().line == "4 rows, 1 without an answer"


def test_the_first_row_may_be_the_bad_one(tmp_path: pathlib.Path) -> None:
    rows: list[Any] = [{"other": 1}, {"text": None}, {"text": "good"}, {"text": ["nested", {"deep": [1]}]}]
    results = list(ask(rows, tmp_path / "r").results())
    assert "asks for {text}" in results[0].error
    assert results[2].answer == "good"


def test_a_column_that_no_row_has_is_said_before_anything_is_asked(tmp_path: pathlib.Path) -> None:
    model = Echo()
    with pytest.raises(ConfigurationError, match=r"asks for \{text\}, and the fields are: body, day"):
        ask([{"body": "a"}, {"day": "b"}], tmp_path / "r", model)
    assert model.asked == []
    assert not (tmp_path / "r").exists(), "what is refused leaves nothing behind"


def test_votes_margins_flags_and_costs_add_up(tmp_path: pathlib.Path) -> None:
    """What the rows say, taken together, is what the run counted."""
    planted = {"2": ["9"], "4": ["none", "9"], "5": ["none"]}
    found = ask([*(str(n) for n in range(8)), "never a number"], tmp_path / "r", Echo(planted, cost_usd=0.25), int, k=2)
    *results, bad = found.results()
    assert [one.answer for one in results] == list(range(8))
    assert (results[0].votes, results[0].margin, results[0].flags) == (2, 2, {})
    assert (results[2].votes, results[2].margin) == (3, 2), "three votes against one"
    assert (results[4].votes, results[4].margin, results[4].flags) == (3, 2, {"misformatted": 1})
    assert (results[5].votes, results[5].margin, results[5].flags) == (2, 2, {"misformatted": 1})
    costs = sum(one.cost_usd for one in [*results, bad])
    assert costs == pytest.approx(found.counts.cost_usd) == 0.25 * found.counts.calls
    ballots = sum(one.votes + (one.votes - one.margin) + sum(one.flags.values()) for one in results)
    assert ballots == 16 + 2 + 3 + 1
    assert bad.cost_usd == 0.25 * (found.counts.calls - ballots) > 0
    assert found.counts.red_flags == {"misformatted": 2 + found.counts.calls - ballots}


def test_resumed_after_any_number_of_questions(tmp_path: pathlib.Path) -> None:
    rows = [{"number": number} for number in range(12)]
    for cut in range(13):
        first, second = Counted(answers, cut), Counted(answers)
        paused = surefoot.map(rows, Next(), first, run_dir=tmp_path / str(cut), **QUIET)
        assert paused.status == ("paused" if cut < 12 else "solved")
        found = surefoot.map(rows, Next(), second, run_dir=tmp_path / str(cut), **QUIET)
        assert found.output == [number + 1 for number in range(12)]
        assert len(first.asked) + len(second.asked) == 12
        assert not set(first.asked) & set(second.asked)


def test_a_run_whose_type_is_not_at_hand_is_not_gone_on_with(tmp_path: pathlib.Path) -> None:
    ask(["1", "2", "3"], tmp_path / "r", output=int, max_calls=1)
    with pytest.raises(ConfigurationError, match="a type of Python's"):
        surefoot.resume(tmp_path / "r", model=Echo(), max_calls=10)
    assert ask(["1", "2", "3"], tmp_path / "r", output=int, max_calls=10).output == [1, 2, 3]


def test_another_question_does_not_go_on_with_a_run(tmp_path: pathlib.Path) -> None:
    ask(["1", "2", "3"], tmp_path / "r", max_calls=1)
    with pytest.raises(ResumeMismatch):
        surefoot.map(["1", "2", "3"], "Other: {text}", Echo(), run_dir=tmp_path / "r", max_calls=9)


def test_rows_that_were_changed_do_not_either(tmp_path: pathlib.Path) -> None:
    ask(["1", "2", "3"], tmp_path / "r", max_calls=1)
    with (tmp_path / "r" / "input.jsonl").open("a") as file:
        file.write('{"text": "4"}\n')
    with pytest.raises(ResumeMismatch, match="not what it was"):
        ask(["1", "2", "3"], tmp_path / "r", max_calls=9)


def test_money_ends_and_the_run_pauses(tmp_path: pathlib.Path) -> None:
    found = ask([str(n) for n in range(50)], tmp_path / "r", Echo(cost_usd=0.125), max_cost_usd=1.0)
    assert found.status == "paused"
    assert "max-cost-usd" in found.message
    assert 0.875 <= found.counts.cost_usd <= 1.0, "sixteen calls at once, and none is above the limit"
    assert {one.error for one in found.results()} == {"", "not answered yet"}


def test_an_error_in_a_tasks_own_row_names_its_line(tmp_path: pathlib.Path) -> None:
    class Faulty(Next, frozen=True, kw_only=True):
        def row_step(self, row: Any) -> Any:
            if row["number"] == 3:
                raise KeyError("body")
            return super().row_step(row)

    rows = [{"number": number} for number in range(5)]
    found = surefoot.map(rows, Faulty(), Counted(answers), run_dir=tmp_path / "r", **QUIET)
    assert found.output == [1, 2, 3, None, 5]
    assert "test_mapping.py" in list(found.results())[3].error


def test_no_rows(tmp_path: pathlib.Path) -> None:
    found = ask([], tmp_path / "r")
    assert (found.status, found.output) == ("solved", [])
    assert found.write(tmp_path / "out.parquet") == 0


def test_rows_are_drawn_one_by_one(tmp_path: pathlib.Path) -> None:
    """An iterable is read once, and no more of it is in memory than a row; nor are more chunks under way than have
    room."""
    alive = [0, 0]

    class Held:
        def __init__(self) -> None:
            alive[0] += 1
            alive[1] = max(alive)

        def __del__(self) -> None:
            alive[0] -= 1

    def rows() -> Iterator[str]:
        for number in range(500):
            held = Held()
            yield f"row {number}"
            del held

    assert len(ask(rows(), tmp_path / "r").output) == 500
    assert alive[1] <= 2


def test_the_reader_of_a_map_without_its_tasks_code(tmp_path: pathlib.Path) -> None:
    surefoot.map([{"number": 1}], Next(), Counted(answers), run_dir=tmp_path / "r", **QUIET)
    found = open_run(tmp_path / "r")
    assert isinstance(found, MapRun)
    assert found.output == ["2"], "as the candidate stands, without the task's value_of"
    assert open_run(tmp_path / "r", Next()).output == [2]
    assert "1 row, 0 without an answer" in found._repr_html_()
    assert found.report().exists()


@pytest.mark.parametrize("rows", [100, 1000])
def test_no_more_rows_are_in_memory_than_there_is_room(
    rows: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks that were read from the file and have not ended: their number does not grow with the table."""
    drawn, most, chunks, send = 0, 0, Table.chunks, Coordinator._send

    def counted(table: Table, size: int) -> Any:
        nonlocal drawn, most
        for chunk in chunks(table, 2):
            drawn += 1
            most = max(most, drawn)
            yield chunk

    async def sent(coordinator: Coordinator, segment: Any) -> Any:
        nonlocal drawn
        ended = await send(coordinator, segment)
        drawn -= 1
        return ended

    monkeypatch.setattr(Table, "chunks", counted)
    monkeypatch.setattr(Coordinator, "_send", sent)
    assert ask([str(n) for n in range(rows)], tmp_path / "r", chains_in_flight=4, flush_steps=8).status == "solved"
    assert 2 <= most <= 4


@pytest.mark.parametrize(("rows", "chunk", "alone"), [(4096, 256, True), (4095, 256, False), (320, 8, False)])
def test_a_long_table_waits_for_what_its_first_chunk_teaches(
    tmp_path: pathlib.Path, rows: int, chunk: int, alone: bool
) -> None:
    journal: Any = InMemoryJournal()
    journal.set_meta(**{TABLE: KeptTable(rows, chunk, "")})
    table = msgspec.structs.replace(keep_table([{"text": "a"}], tmp_path / "rows"), count=rows)

    class Driven:
        def run_stream(self, nodes: Any, at_once: int, steps: int, *, first_alone: bool) -> tuple[int, int, bool]:
            return at_once, steps, first_alone

    config = RunConfig(task="map", model="simulated", chains_in_flight=512)
    driven: Any = Driven()
    assert drive(Next(), table, config, journal)(driven) == (1 + 2 * -(-512 // chunk), rows, alone)


@pytest.mark.parametrize("changed", [[{"text": "a"}], [{"text": "a"}, {"text": "c"}], []])
def test_a_run_is_not_gone_on_with_over_other_rows(tmp_path: pathlib.Path, changed: list[dict[str, str]]) -> None:
    rows, model = [{"text": "a"}, {"text": "b"}], Echo()
    ask(rows, tmp_path / "run", model)
    asked = len(model.asked)
    with pytest.raises(ResumeMismatch, match=f"started over other rows: 2 then, {len(changed)} now") as refused:
        ask(changed, tmp_path / "run", model)
    assert "\n" not in str(refused.value)
    again = ask((row for row in rows), tmp_path / "run", model)  # the same rows, as another kind of iterable
    assert (again.output, len(model.asked)) == (["a", "b"], asked)


def test_two_rows_ask_no_pilot(tmp_path: pathlib.Path) -> None:
    model = Echo()
    told: list[str] = []
    run = surefoot.map(
        [{"text": "a"}, {"text": "b"}], QUESTION, model, run_dir=tmp_path / "run", address="none", workers=1,
        on_event=lambda event: told.append(event.text),
    )  # fmt: skip
    assert (run.output, len(model.asked)) == (["a", "b"], 6)
    assert run.standing.why == "lead 3: 2 rows are too few for a pilot, --k asks for another lead"
    assert run.standing.why in told
    assert (run.standing.k, run.standing.pilot_calls) == (3, 0)
    loose = surefoot.map(
        ["a", "b"], QUESTION, model, run_dir=tmp_path / "loose", address="none", workers=1, target=0.98
    )
    assert loose.standing.k == 2


@pytest.mark.parametrize(("cost", "told"), [(None, None), (0.0, 0.0), (0.25, 0.5)])
def test_a_price_that_is_unknown_is_never_zero(tmp_path: pathlib.Path, cost: Any, told: float | None) -> None:
    costs: list[float | None] = []
    run = surefoot.map(
        ["a", "b"], QUESTION, Echo(cost_usd=cost), run_dir=tmp_path / "run",
        on_event=lambda event: costs.append(event.cost_usd), **{**QUIET, "k": 2},
    )  # fmt: skip
    assert [one.cost_usd for one in run.results()] == [told, told]
    assert run.counts.known_cost_usd == run.standing.cost_usd == (None if told is None else 2 * told)
    assert run.standing.cost_usd in costs
    run.write(tmp_path / "rows.csv")
    line = (tmp_path / "rows.csv").read_text().splitlines()[1]
    assert line.endswith(f",{'' if told is None else told},False"), "the last but one: no person decided"


def test_a_row_that_failed_or_had_one_unpriced_reply_says_what_is_known(tmp_path: pathlib.Path) -> None:
    class HalfPriced(Echo):
        def _reply(self, text: str) -> Reply:
            reply = super()._reply(text)
            return msgspec.structs.replace(reply, cost_usd=None) if text == "b" and len(self.asked) % 2 else reply

    planted = {"c": ["x", "y", "z", "w"]}
    run = surefoot.map(
        ["a", "b", "c"], QUESTION, HalfPriced(planted, cost_usd=0.5), run_dir=tmp_path / "run", max_ballots=4,
        **{**QUIET, "k": 2},
    )  # fmt: skip
    assert [(bool(one.error), one.cost_usd) for one in run.results()] == [(False, 1.0), (False, None), (True, 2.0)]


@pytest.mark.parametrize("typed", [True, False])
def test_a_bad_row_is_one_bad_row_as_its_error_is_typed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, typed: bool
) -> None:
    """Placebo: where what a row raises is not taken as its failure, that one row ends the whole run."""
    if not typed:
        monkeypatch.setattr("surefoot.runtime.execution.row_runner.BAD_ROW", ())
    rows = [{"text": "a"}, {"other": "b"}, {"text": "c"}]
    if typed:
        assert ask(rows, tmp_path / "run").output == ["a", None, "c"]
    else:
        with pytest.raises(Exception, match=r"asks for \{text\}"):
            ask(rows, tmp_path / "run")


@pytest.mark.parametrize("alone", [True, False])
async def test_the_first_chunk_of_a_stream_is_waited_for_where_it_teaches(alone: bool) -> None:
    told: list[str] = []

    class Sending:
        _holding = False

        async def _learn_from_held(self, *, last: bool) -> None:
            told.append("learns")

        async def _send(self, segment: Any) -> None:
            told.append(f"begins {segment.node}")
            await asyncio.sleep(0)
            told.append(f"ends {segment.node}")

    stream: Any = Sending()
    await Coordinator._send_all(stream, [0, 1, 2], asyncio.Semaphore(9), first_alone=alone)  # type: ignore[list-item]
    assert (told.index("ends 0") < told.index("begins 1")) is alone
    assert told.index("begins 2") < told.index("ends 1"), "the others go together"
    assert told[2:3] == (["learns"] if alone else ["begins 2"])


def test_a_runs_own_rows_are_not_written_over(tmp_path: pathlib.Path) -> None:
    found = ask(["a", "b"], tmp_path / "r")
    before = (tmp_path / "r" / "input.jsonl").read_bytes()
    with pytest.raises(ConfigurationError, match="needs them"):
        found.write(tmp_path / "r" / "input.jsonl")
    assert (tmp_path / "r" / "input.jsonl").read_bytes() == before
