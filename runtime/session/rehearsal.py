"""A rehearsal of a run over a table: the run itself, with rows and a model that are made up as a sample says.

How many votes a row gets changes on the way, by what the run sees: leads are learned, alarms raised, hard rows asked
again. A formula for all that would be a second account of what a run decides, and drift away from it. So the forecast
of a table is a run: the same coordinator, workers and rules, over as many rows, which asks ``Actor``. It costs no call,
and about a second for 10,000 rows.

*Time.* A model with a latency answers while many rows have begun: what is learned comes too late for those. Here a call
takes ``ROW_S`` for each that is under way at once; what a run does every so many seconds it does as much sooner.
With batches all questions of a round are answered at once.
"""

import asyncio
import hashlib
import itertools
import pathlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any, Final

import msgspec

from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step
from surefoot.decompose.tasks.rows import KIND, RowTask
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.row_answers import RIGHT, UNREAD, RowAnswers, Slip
from surefoot.runtime.forecast.table_plan import Rehearsed
from surefoot.runtime.journal.run_directory import create_run
from surefoot.runtime.leads import Leads
from surefoot.runtime.logs import muted
from surefoot.runtime.models.port import Model, Reply, Request, Stop
from surefoot.runtime.session.interruption import Interruption
from surefoot.runtime.session.mapping import MapRun, drive, keep_rows
from surefoot.runtime.session.table import SAMPLED
from surefoot.runtime.session.watcher import Watcher
from surefoot.runtime.session.work import work

ROW_S: Final = 0.0002
"""Seconds of a call for each other that is under way, in a rehearsal of a model that has a latency: twice what a worker
takes for a row, so that all rows that a run has under way have begun before the first of them is answered."""
LEAST_CALL_S: Final = 0.001
"""Seconds of a call at least: timers are no finer."""
QUICK_S: Final = 0.01
"""Seconds below which a model counts as one that answers at once."""
QUIET_S: Final = 0.02
"""Seconds without a new question after which a round of batches is answered."""
UNREADABLE: Final = "?"
GOLDEN: Final = 0.6180339887498949
"""Multiples of it, without their whole part, lie evenly between 0 and 1, however many there are."""


class Setting(msgspec.Struct, frozen=True):
    """What a rehearsal takes over from the run.

    Attributes:
        config: Of the run.
        leads: That it begins with.
        start: What they were chosen from; ``None`` where the run learns nothing.
        fields: Fields of a record that are voted on one by one; 0 for whole answers.
        latency_s: Of a call.
        width: Calls that are under way at the same time, at most.
        workers: That the run has; with a model object it is one, whatever the configuration says.
        own_pilot: Whether a pilot is rehearsed as well, so that leads and start are chosen from made-up replies.
    """

    config: RunConfig
    leads: Leads
    start: Estimate | None
    fields: int = 0
    latency_s: float = 0.0
    width: int = 1
    workers: int = 1
    own_pilot: bool = False


class RehearsedRows(RowTask, frozen=True, kw_only=True):
    """Asks about rows of which nothing is known but a number."""

    fields: int = 0

    def row_step(self, row: Mapping[str, Any]) -> Step:
        """Make the step that asks about one row."""
        return Step(KIND, Role.ACTOR, row["row"])

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Show the row's number."""
        return Prompt(str(step.reads))

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read what the actor says: a candidate, or that nothing can be read."""
        return Flag("misformatted", "") if text == UNREADABLE else text

    def voted_fields(self, step: Step) -> int:
        """Return the number of fields that are voted on one by one."""
        return self.fields


class Actor(Model):
    """Answers rows as a sample says that they are answered; a pure function of the row's number and the draw.

    Args:
        answers: How rows are answered.
        fields: Fields of a record that are voted on one by one; 0 for whole answers.
        seed: Another one has other replies, at the same rates.
        pace: When it answers.

    Attributes:
        draws: Answers drawn so far, by row.
        requests: Prompts put to it so far, by row.
    """

    dialect: Dialect = "compact"
    shared = True
    name = "rehearsal"

    def __init__(self, answers: RowAnswers, fields: int, seed: int, pace: "Pace") -> None:
        self._answers, self._fields, self._seed, self._pace = answers, fields, seed, pace
        self._upto = list(itertools.accumulate(share for _, share in answers.rates))
        self.right = said(0, fields, ())
        self.draws: Counter[int] = Counter()
        self.requests: Counter[int] = Counter()

    async def ask(self, request: Request) -> list[Reply]:
        """Answer a row once for each draw."""
        row = int(request.prompt.user)
        self.requests[row] += 1
        self.draws[row] += len(request.draws)
        await self._pace.wait()
        return [self._reply(row, draw) for draw in request.draws]

    def _reply(self, row: int, draw: int) -> Reply:
        answers = self._answers
        place, never = (row * GOLDEN + self._seed * GOLDEN**2) % 1, (row * GOLDEN**2 + self._seed * GOLDEN) % 1
        lost, wrong, which = self._dice(row, draw)
        if never < answers.never:
            refused = never < answers.never * answers.refused
            return Reply("", Stop.REFUSED) if refused else Reply(UNREADABLE)
        if lost < answers.discarded:
            return Reply(UNREADABLE)
        rate = next((rate for (rate, _), upto in zip(answers.rates, self._upto, strict=True) if place < upto), 0.0)
        if wrong >= rate:
            return Reply(self.right)
        rival = 1 + int(which * answers.rivals)
        slips = answers.slips
        # A wrong answer of a row is the same one whenever it is said.
        slip = slips[int(self._dice(row, -rival)[0] * len(slips))] if slips else ()
        return Reply(said(rival, self._fields, slip))

    def _dice(self, row: int, draw: int) -> tuple[float, ...]:
        digest = hashlib.blake2b(f"{self._seed} {row} {draw}".encode(), digest_size=12).digest()
        return tuple(int.from_bytes(digest[n : n + 4]) / 2**32 for n in range(0, 12, 4))


def said(rival: int, fields: int, slip: Slip) -> str:
    """Return what a reply says: the right answer for 0, else the wrong one of this number."""
    if not fields:
        return f"answer {rival}"
    codes = slip if rival else (RIGHT,) * fields
    texts = [None if code == UNREAD else f"text {rival if code else 0}" for code in codes]
    return msgspec.json.encode(texts).decode()


class Pace:
    """When a rehearsal's calls are answered: at once, after a time with so many at once, or all of a round together.

    Args:
        call_s: Seconds of a call; 0 for at once.
        at_once: Most calls at the same time; ``None`` for any number.
        rounds: Whether calls are gathered into rounds.
    """

    def __init__(self, call_s: float, at_once: int | None, rounds: bool) -> None:
        self._call_s, self._rounds = call_s, rounds
        self._room = asyncio.Semaphore(at_once) if at_once is not None else None
        self._waiting: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self) -> None:
        """Return when it is time to answer."""
        if not self._rounds:
            async with self._room or nullcontext():
                await asyncio.sleep(self._call_s)
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(QUIET_S, self._answer)
        await turn

    def _answer(self) -> None:
        waiting, self._waiting, self._timer = self._waiting, [], None
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)


async def rehearse(setting: Setting, answers: RowAnswers, rows: int, seed: int = 0) -> Rehearsed:
    """Run a table of made-up rows to its end, and return what that took.

    Args:
        setting: What is taken over from the run.
        answers: How rows are answered.
        rows: How many there are, 1 or more.
        seed: Of the made-up replies.

    Raises:
        ConfigurationError: The pilot that was rehearsed allows no lead.
        ModelUnavailable: The run would pause, such as where no reply can be read.
        SurefootError: It would end otherwise than with results.
    """
    call_s = 0.0 if setting.latency_s < QUICK_S else max(LEAST_CALL_S, ROW_S * setting.width)
    config = _quiet(setting, call_s)
    pace = Pace(call_s, setting.width if call_s else None, config.batch)
    actor = Actor(answers, setting.fields, seed, pace)
    with tempfile.TemporaryDirectory(prefix="surefoot-plan-") as folder:
        directory = pathlib.Path(folder) / "run"
        journal = create_run(directory, config)
        table = keep_rows(journal, directory, _numbers(rows), config)
        if not setting.own_pilot:
            journal.set_meta(leads=setting.leads, pilot=setting.start)
        others = tuple({"row": rows + number} for number in range(SAMPLED))
        task = RehearsedRows(fields=setting.fields, total_rows=rows, sampled_rows=others)
        driven = partial(drive, task, table, config)
        with muted():
            models = [actor] * setting.workers
            status = await work(config, task, lambda: journal, Watcher(), Interruption(), models, driven)
        run = MapRun(directory, task)
        if status != "solved":
            raise ModelUnavailable(f"a run like this would pause: {run.message}")
        right, failed = _ends(run, actor.right)
    numbers = range(rows)
    return Rehearsed(tuple(actor.draws[n] for n in numbers), tuple(actor.requests[n] for n in numbers), right, failed)


def _numbers(rows: int) -> Iterator[dict[str, int]]:
    return ({"row": number} for number in range(rows))


def _quiet(setting: Setting, call_s: float) -> RunConfig:
    """The run's configuration without limits, and without what only its own model, machine or journal is asked for."""
    config = setting.config
    flush_s = config.flush_s * call_s / setting.latency_s if call_s else config.flush_s
    limits: dict[str, Any] = {"max_cost_usd": None, "max_calls": None, "max_wall_s": None, "mirror": None}
    asked: dict[str, Any] = {"fallback_model": None, "modules": "", "wordings": None, "measurement": None}
    return msgspec.structs.replace(
        config, task="map", task_options={}, model="object:rehearsal", address="none",
        cache="none", keep_replies="none", review=False, structured=False, rebalance_votes=False, hedge="off",
        flush_s=QUIET_S if config.batch else max(LEAST_CALL_S, flush_s), **limits, **asked,
    )  # fmt: skip


def _ends(run: MapRun, right: str) -> tuple[int, int]:
    """Rows that came out right, and rows without an answer."""
    found = [(one.error == "" and one.answer == right, bool(one.error)) for one in run.results()]
    return sum(good for good, _ in found), sum(bad for _, bad in found)
