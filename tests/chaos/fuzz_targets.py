"""What is fed with damaged input: each reader of files, replies and messages, with inputs that are whole at first."""

import asyncio
import contextlib
import functools
import gzip
import hashlib
import io
import os
import pathlib
import socket
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from unittest import mock

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Flag
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.pddl_collections import collection_of
from surefoot.decompose.typed.output_type import OutputType
from surefoot.decompose.typed.question import TypedQuestion
from surefoot.decompose.typed.template import Template
from surefoot.runtime import api, wordings_file
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import RunFailed, SurefootError
from surefoot.runtime.execution.reports import report_in
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.measurement_file import Saved, read_measurement, setting_of
from surefoot.runtime.journal import kept_inputs
from surefoot.runtime.journal.mirror import read_note
from surefoot.runtime.journal.plan_versions import revision_in
from surefoot.runtime.journal.run_directory import parse_config
from surefoot.runtime.journal.segment_records import SegmentRecords
from surefoot.runtime.models.litellm_transport import _check_parts, _Unpacking
from surefoot.runtime.models.odd_bodies import tidied
from surefoot.runtime.models.openai_protocol import Endpoint
from surefoot.runtime.models.simulated import Profile, SimulatedModel, parse_profile
from surefoot.runtime.models.structured import as_lines
from surefoot.runtime.payloads import unpack, unpack_heads, winner
from surefoot.runtime.records import Contested, Record
from surefoot.runtime.role_options import parse_role_options
from surefoot.runtime.session.table import read_table, rows_of_file
from surefoot.runtime.text_file import read_text_file
from surefoot.runtime.tools.calculator import calculate
from surefoot.runtime.tools.contract import ToolError
from surefoot.runtime.tools.sandbox import cells
from surefoot.runtime.trace.abandoned import Abandoned
from surefoot.runtime.trace.events import path_of
from surefoot.runtime.trace.export import KINDS, Wanted, export
from surefoot.runtime.trace.journal_events import events_of
from surefoot.runtime.trace.level_reader import levels_in
from surefoot.runtime.trace.lines import read_graphs
from surefoot.runtime.trace.races import Race, races_in
from surefoot.runtime.tuning import record_file
from surefoot.runtime.tuning import setup as tuning
from surefoot.runtime.wordings_file import encoded as encoded_wordings
from surefoot.runtime.worker import ray_address
from surefoot.runtime.worker.control import Grant, Hello, Returned, decode_message, decode_reply, encode
from surefoot.scripts.cluster import parcel
from surefoot.scripts.commands import bench_directory, options, review
from surefoot.voting.ballot import Ballot
from surefoot.voting.record_race import fields_of
from tests.chaos.fuzz_batches import BATCHES
from tests.chaos.fuzz_target import Target, at, text
from tests.runtime.journal.in_memory import InMemoryJournal
from tests.runtime.test_wordings_file import FILE as WORDINGS
from tests.scripts.commands.test_measure_tables import measurement

DATA = pathlib.Path(__file__).parents[1] / "data"
GOLDEN = DATA / "golden_format_2"
PDDL = ("ferry", "crates", "lamps")


def pddl(name: str) -> str:
    """A file of the test data."""
    return (DATA / "pddl" / f"{name}.pddl").read_text()


class Person(msgspec.Struct):
    """What a typed question asks for."""

    name: str
    age: int | None
    sizes: list[float] = []


TYPED = TypedQuestion(Template("Who is it?"), OutputType(Person))
ENDPOINT = Endpoint(SimulatedModel(lambda prompt: Answers(("yes",), ("no",)), Profile()), "small")
BALLOTS = (Ballot(0, "1ab aab"), Ballot(1, None, "misformatted"), Ballot(2, "1ab aab"))
RECORDS = msgspec.msgpack.encode([Record((0, 1), "run", 0, 0, 2, ("2ac abc", Contested(2, BALLOTS))) for _ in range(3)])
CONFIG = b"""task = "hanoi"
model = "simulated:p_error=0.02"
k = 2
max_cost_usd = 1.5
[task_options]
disks = 4
"""
ITEMS = b'{"id": "1", "question": "What is 12 x 34", "answer": "408"}\n{"id": "2", "question": "Sort [3, 1]"}\n'
GRAPH = b"""{"run": "r", "task": "t", "model": "m", "settings": {"k": "1"}, "events": [{"id": 0, "what": "question"},
{"id": 1, "what": "verdict", "candidate": "a", "after": [0]}]}""".replace(b"\n", b"")
ASKS_M = RunConfig(task="hanoi", model="m")
MEASURED = msgspec.json.encode(
    Saved(
        [measurement(setting=setting_of(RunConfig(task="hanoi", model="m")), estimate=Estimate(9, 1, 0, 0.1, 0.2))], "m"
    )
)
WAITS: Any = SimpleNamespace(name=("0.1", 0, 1), step=SimpleNamespace(row=25))  # it waits for a person
REPLY = b"""{"id": "1", "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant",
"content": "yes"}}], "usage": {"prompt_tokens": 10, "completion_tokens": 2}}"""
IN_PARTS = REPLY.replace(
    b'"yes"', b'[{"type": "text", "text": "yes"}, {"type": "thinking", "thinking": [{"text": "x"}]}]'
)
ASKED = b"""{"model": "m", "messages": [{"role": "user", "content": "what?"}], "n": 2, "max_tokens": 5, "seed": 1,
"temperature": 0.5, "stop": ["x"]}"""
SAID = (
    b"\0move = [1, 0, 2]\nnext_state = [[1, 2], [3], []]",
    b"\1cw 1ab aab",
    b'\2{"name": "Ada", "age": 36, "day": "2026-01-02", "total": "EUR 1,234.50"}',
    b'\3The answer is\n```json\n[{"a": [1, 2.5e3, null]}]\n```\nyes',
    b"\4carry = 1\ndigit = 7\n(move a b c)\n1-2 2-3",
)


def _look(directory: pathlib.Path) -> None:
    """All that looks at a run directory."""
    run = api.open(directory)
    for _ in run.steps():
        pass
    _ = (run.status, run.counts)
    with contextlib.suppress(RunFailed):  # one that was paused has none
        _ = run.output
    run.report()
    for kind in KINDS:
        export([directory], Wanted(kind, "trl"), directory / "out.jsonl")
    export([directory], Wanted("process", "events"), directory / "out.jsonl")


def _journal(data: bytes, folder: pathlib.Path) -> None:
    (folder / "run.toml").write_bytes((GOLDEN / "run.toml").read_bytes())
    (folder / "journal.sqlite").write_bytes(data)
    _look(folder)


def _log(data: bytes, folder: pathlib.Path) -> None:
    """A journal whose last commits are in its log alone."""
    (folder / "run.toml").write_bytes((GOLDEN / "run.toml").read_bytes())
    (folder / "journal.sqlite").write_bytes((GOLDEN / "journal.sqlite").read_bytes())
    (folder / "journal.sqlite-wal").write_bytes(data)
    from surefoot.runtime.journal.journal import open_journal

    open_journal(folder, write=True).close()


def _written_log() -> bytes:
    """A log with a commit, as SQLite leaves it."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name, "journal.sqlite")
        path.write_bytes((GOLDEN / "journal.sqlite").read_bytes())
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            for number in range(3):
                db.execute("INSERT OR REPLACE INTO meta VALUES (?, '1', 1)", (f"k{number}",))
                db.commit()
            return pathlib.Path(f"{path}-wal").read_bytes()


VERSION = (
    b'{"parent":0,"because":"evidence","triggers":[{"source":[0],"evidence":'
    b'{"assumption":{"name":"gate 1","value":"left"},"verdict":"contradicts","found":"right"}}],'
    b'"rests_on":[],"dropped":[0]}'
)


def _version(data: bytes, folder: pathlib.Path) -> None:
    record = Record((), "revised", 0, 0, 0, (data.decode(errors="replace"),))
    str(revision_in(record))


def _evidence(data: bytes, folder: pathlib.Path) -> None:
    str(report_in(Record((), "evidence", 0, 0, 0, (data.decode(errors="replace"),), (0,))))


def _payload(data: bytes, folder: pathlib.Path) -> None:
    for record in unpack(data):
        for entry in record.entries:
            with contextlib.suppress(ValueError):
                winner(entry, "first-to-ahead-by")
    nodes = {(head.node(), head.part) for head in unpack_heads(data)}
    with contextlib.suppress(ValueError):  # whoever reads a plan takes it for a journal that is none of its task's
        read = SegmentRecords([data], "first-to-ahead-by")
        for node in sorted(nodes):
            list(read.candidates(*node))
    journal = InMemoryJournal()
    journal.batches["/"], journal.order = [data], [("/", 0)]
    levels_in(journal, "first-to-ahead-by")
    given_up = Abandoned(journal)
    for told in races_in(events_of(journal, "first-to-ahead-by")):
        if isinstance(told, Race):
            given_up.stands(path_of(told.question.node), told.question.part, told.question.attempt)


def _replies(name: str) -> Callable[[bytes, pathlib.Path], Any]:
    """Replies to steps of a task, in both dialects; the first byte says to which step."""

    def read(data: bytes, folder: pathlib.Path) -> None:
        task = _usual(name)
        step = task.sample_step(data[0] if data else 0)
        reply = data[1:].decode(errors="surrogateescape")
        for dialect in ("compact", "chat"):
            said = task.parse(step, reply, dialect)  # type: ignore[arg-type]
            if not isinstance(said, Flag):
                task.check(step, said)
                task.same(step, said, said)

    return read


def _typed(data: bytes, folder: pathlib.Path) -> None:
    said = TYPED.parse(data.decode(errors="surrogateescape"))
    if not isinstance(said, Flag):
        TYPED.decode(said)
        TYPED.same(said, said)


def _body(encoding: str) -> Callable[[bytes, pathlib.Path], Any]:
    def read(data: bytes, folder: pathlib.Path) -> None:
        content = _Unpacking(encoding)(data, 1 << 20)
        _check_parts(content)
        tidied(content)

    return read


def _asked(data: bytes, folder: pathlib.Path) -> None:
    status, _ = asyncio.run(ENDPOINT.chat(data))
    assert status in (200, 400, 413, 422, 503), status


def _parcel(data: bytes, folder: pathlib.Path) -> None:
    parcel.unpack(data, folder / "to")


def _task(name: str, option: str, **more: Any) -> Callable[[bytes, pathlib.Path], Any]:
    """A task whose option holds a file's text: it is opened, and its first questions are asked."""

    def read(data: bytes, folder: pathlib.Path) -> None:
        (folder / "file").write_bytes(data)
        content = read_text_file(folder / "file", "file")
        task = open_task(RunConfig(task=name, task_options={option: content, **more}, model="simulated"))
        root = task.root()
        task.size(root.goal, root.inputs)
        for number in range(3):
            task.prompt(task.sample_step(number), "chat")

    return read


def _table(kind: str) -> Callable[[bytes, pathlib.Path], Any]:
    return at(f"table.{kind}", lambda path: [*rows_of_file(path)])


def _parquet() -> bytes:
    """A file of two rows."""
    import pyarrow
    import pyarrow.parquet

    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"name": ["Ada", None], "age": [36, 40]}), written)
    return written.getvalue()


def _note_of_ray(data: bytes, folder: pathlib.Path) -> None:
    (folder / "ray").mkdir()
    (folder / "ray" / "ray_current_cluster").write_bytes(data)
    before = os.environ.get("RAY_TMPDIR")
    os.environ["RAY_TMPDIR"] = str(folder)
    numeric = functools.partial(socket.getaddrinfo, flags=socket.AI_NUMERICHOST)  # a name takes as long as its server
    try:
        with mock.patch.object(socket, "getaddrinfo", numeric):
            ray_address._noted_by_ray_start()
    finally:
        os.environ.pop("RAY_TMPDIR")
        if before is not None:
            os.environ["RAY_TMPDIR"] = before


def _kept(data: bytes, folder: pathlib.Path) -> None:
    """A kept input whose name goes with its content, as in a directory that was made to deceive."""
    name = f"input-{hashlib.sha256(data).hexdigest()}.json"
    (folder / name).write_bytes(data)
    kept_inputs.read_inputs(folder, {"file": {"kept_input": name, "bytes": len(data)}})


@functools.cache
def _usual(task: str) -> Task:
    """A task with its usual options, or the smallest that it takes."""
    more: Mapping[str, Mapping[str, Any]] = {
        "questions": {"file": (DATA / "questions.json").read_text()},
        "ask": {"text": "how many?"},
        "items": {"file": ITEMS.decode()},
        "file": {"file": ITEMS.decode()},
        "map": {"question": "who?", "fields": "name: text, age: integer, day: date, total: money"},
        "pddl": {"domain": pddl("ferry-domain"), "problem": pddl("ferry-problem")},
    }
    found = open_task(RunConfig(task=task, task_options=dict(more.get(task, {})), model="simulated"))
    return msgspec.structs.replace(found, sampled_rows=({"text": "Ada"},), total_rows=1) if task == "map" else found


def _answers_of_a_bench(data: bytes, folder: pathlib.Path) -> None:
    (folder / "row").mkdir(exist_ok=True)
    (folder / "row" / bench_directory.ANSWERS).write_bytes(data)
    bench_directory.answers_of(folder)


TARGETS: dict[str, Target] = {
    "run.toml": Target(at("run.toml", parse_config), (CONFIG, (GOLDEN / "run.toml").read_bytes())),
    "--config": Target(at("options.toml", lambda path: options._from_file(path, "hanoi", Hanoi)), (CONFIG,)),
    "journal": Target(_journal, ((GOLDEN / "journal.sqlite").read_bytes(),)),
    "journal's log": Target(_log, (_written_log(),)),
    "payload": Target(_payload, (zlib.compress(RECORDS),)),
    "a plan's version": Target(_version, (VERSION,)),
    "evidence": Target(_evidence, (b'{"assumption": {"name": "gate", "value": 3}, "verdict": "contradicts"}',)),
    "records": Target(lambda data, folder: _payload(zlib.compress(data), folder), (RECORDS,)),
    "measurement": Target(
        at("measure.json", lambda path: read_measurement(RunConfig(task="hanoi", model="m", measurement=str(path)))),
        (MEASURED, b'{"models": [], "recommended": null, "mixes": []}'),
    ),
    "mirror's note": Target(
        at("mirror.json", lambda path: read_note(path.parent)), (b'{"run": "/tmp/x", "batches": 1}',)
    ),
    "bench.json": Target(
        at("bench.json", lambda path: bench_directory.read_bench(path.parent)),
        (b'{"suite": "hanoi", "rows": [], "published": [{"method": "m", "solved_percent": 1, "invalid_percent": 0}]}',),
    ),
    "answers of a bench": Target(
        _answers_of_a_bench, (b'{"name": "p", "repeat": 0, "answer": ["a"], "ended": "accepted", "right": true}\n',)
    ),
    "--answers": Target(
        at("answers.json", lambda path: review._from_file(path, [WAITS])),
        (b'[{"node": "0.1", "attempt": 0, "number": 1, "answer": "x"}]', b'[{"row": 25, "answer": "x"}]'),
    ),
    "table.csv": Target(_table("csv"), (b'name,age\n"Ada, B",36\nBob,"4""0"\n',)),
    "table.jsonl": Target(_table("jsonl"), (b'{"name": "Ada", "age": 36}\n{"name": null, "x": [1, {"y": 2.5}]}\n',)),
    "table.parquet": Target(_table("parquet"), (_parquet(),)),
    "Ray's note": Target(_note_of_ray, (b"127.0.0.1:6379",)),
    "input.jsonl": Target(at("input.jsonl", read_table), (b'{"name": "Ada"}\n"a reason"\n{"name": "Bob"}\n',)),
    "questions": Target(_task("questions", "file"), ((DATA / "questions.json").read_bytes(),)),
    "domain": Target(
        _task("pddl", "domain", problem=pddl("ferry-problem")), tuple(pddl(f"{n}-domain").encode() for n in PDDL)
    ),
    "problem": Target(
        _task("pddl", "problem", domain=pddl("ferry-domain")), tuple(pddl(f"{n}-problem").encode() for n in PDDL)
    ),
    "problems": Target(
        _task("pddl", "problems"),
        (
            collection_of({n: pddl(n) for n in ("ferry-domain", "ferry-problem")}).encode(),
            b'{"instances": [{"query": "x"}]}',
        ),
    ),
    "kept input": Target(_kept, (b'["a text", {"b": 1.5}]',)),
    "records of a search": Target(at("records.jsonl", record_file._read), (b'{"task": "hanoi"}\n',)),
    "--examples": Target(at("examples.jsonl", tuning._answers), (b'{"question": "who?", "answer": "Ada"}\n',)),
    "event graph": Target(text(lambda one: [*read_graphs(one.splitlines())]), (GRAPH,)),
    "--wordings": Target(text(wordings_file.parse), (encoded_wordings(WORDINGS).encode(),)),
    "items": Target(_task("items", "file"), (ITEMS,)),
    "context of a question": Target(
        at("notes.txt", lambda path: read_text_file(path, "--context notes.txt")), (b"What is known: 12 \xc3\xa4pfel.",)
    ),
    "castle": Target(_task("graph", "edges", start=1, goal=3), (b"1-2 2-3 3-1 3>1 1-2@80",)),
    "typed reply": Target(_typed, SAID),
    "lines of JSON": Target(text(as_lines), SAID),
    "a server's body": Target(_body("identity"), (REPLY, IN_PARTS), (SurefootError, ValueError)),
    "a packed body": Target(_body("gzip"), (gzip.compress(REPLY),), (SurefootError, ValueError)),
    **BATCHES,
    "a question to the served model": Target(_asked, (ASKED,)),
    "message to a worker": Target(lambda data, _: decode_message(data), (encode(Hello()), encode(Grant("usd", 1.5)))),
    "worker's reply": Target(lambda data, folder: decode_reply(data, Hello()), (encode(Returned(1.0, 2.0)),)),
    "fetched run": Target(_parcel, (parcel.pack(GOLDEN),)),
    "a job's output": Target(text(parcel.framed_in), (parcel.frame(b"packed").encode(),)),
    "a cell's message": Target(
        lambda data, folder: cells._read(data),
        (b'{"ended": {"value": 1, "is_value": true, "shown": "1", "printed_from": 0}}', b'{"asks": []}'),
    ),
    "calculator": Target(text(calculate), (b"2 ** 10 + sqrt(9) / (3 - 1) * factorial(5)",), (ToolError,)),
    "record of fields": Target(text(lambda one: fields_of(one, 2)), (b'["a", null]',), (ValueError,)),
    "simulated model": Target(text(parse_profile), (b"p_error=0.02,latency_s=0.1",)),
    "options of modules": Target(text(parse_role_options), (b"Actor.temperature=0.7; Monitor.k=3; Monitor.model=a/m",)),
    **{f"replies: {name}": Target(_replies(name), SAID) for name in BUILT_IN_TASKS},
}
