"""Every place of the source that decodes bytes or texts, found by reading the source, and what is known of each.

A new one that is not in ``READERS`` makes ``test_fuzz.py`` fail: it is given a target in ``fuzz_targets.py``, or a
reason why nothing that it reads comes from a stranger.
"""

import ast
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = ("decompose", "runtime", "scripts", "voting")
APART = ("scripts/benchmarks", "scripts/bundled")
"""What is not installed, or reads only what it wrote itself."""
DECODES = {
    "json.decode", "msgpack.decode", "toml.decode", "json.loads", "json.load", "struct.unpack", "csv.reader",
    "zlib.decompressobj", "zlib.decompress", "tarfile.open", "base64.b64decode", "ast.parse",
}  # fmt: skip
METHODS = {"unpack_from", "ParquetFile", "Decoder", "read_text", "read_bytes"}
"""Calls that turn bytes or a text into values, or read a file whole: by their last two names, or by the last."""

OWN = "written by this process, or by the user for this call"
SYSTEM = "the kernel's, or part of what is installed"
CHECKED = "of a journal whose rows are checked before, by the same target"
KEPT = "of input.jsonl, whose hash is compared when a run is resumed"
INSIDE = "inside the sandbox, where only what the sandbox allows can be lost"
HOSTILE_CELLS = "tests/runtime/tools/sandbox/test_hostile_cells.py"
READERS = {
    "decompose/answer_keys/hanoi.py:_follow": "answer keys read Surefoot's own prompts",
    "decompose/answer_keys/hanoi.py:_read_chat": "answer keys read Surefoot's own prompts",
    "decompose/next_version.py:next_version": CHECKED,
    "decompose/referees/items.py:normal": "items: any text is an answer",
    "decompose/several_steps.py:reply_of": "whatever the text is, it is a reply: tests/decompose/test_several_steps.py",
    "decompose/tasks/hanoi_chat.py:_last": "replies: hanoi",
    "decompose/tasks/pddl_collections.py:_entries": "problems",
    "decompose/tasks/question_formats.py:_decoded": "questions",
    "decompose/tasks/question_formats.py:_line": "questions",
    "decompose/tasks/rows.py:value_of": CHECKED,
    "decompose/typed/canonical.py:_container": "typed reply",
    "decompose/typed/output_type.py:join": "typed reply",
    "decompose/typed/output_type.py:decode": "typed reply",
    "decompose/typed/output_type.py:same": "typed reply",
    "decompose/typed/output_type.py:same_field": "typed reply",
    "decompose/typed/question.py:decode": "typed reply",
    "decompose/typed/user_types.py:__init__": "typed reply",
    "runtime/execution/chain_runner.py:result_of": CHECKED,
    "runtime/execution/evidence_check.py:_read": OWN,
    "runtime/execution/reports.py:report_in": "evidence",
    "runtime/execution/segment_runner.py:failure_known": CHECKED,
    "runtime/execution/segment_runner.py:revision_known": CHECKED,
    "runtime/forecast/measurement_file.py:read_measurement": "measurement",
    "runtime/journal/durable_mark.py:read_mark": "journal",
    "runtime/journal/file.py:check_header": "journal",
    "runtime/journal/filesystem.py:network_kind": SYSTEM,
    "runtime/journal/journal.py:commit": OWN,
    "runtime/journal/journal.py:meta": "journal",
    "runtime/journal/kept_inputs.py:_content": "kept input",
    "runtime/journal/kept_inputs.py:_value": "kept input",
    "runtime/journal/mirror.py:_copy_files": "nothing is decoded",
    "runtime/journal/mirror.py:read_note": "mirror's note",
    "runtime/journal/origin.py:_task_origin": "nothing is decoded",
    "runtime/journal/plan_reader.py:_chain": "journal",
    "runtime/journal/plan_versions.py:_read": "a plan's version",
    "runtime/journal/retracted.py:revision": CHECKED,
    "runtime/journal/rows.py:decode_outcome": "journal",
    "runtime/journal/rows.py:decode_totals": "journal",
    "runtime/journal/run_directory.py:parse_config": "run.toml",
    "runtime/journal/segment_records.py:_note": "journal",
    "runtime/journal/wal.py:_sums": "journal's log",
    "runtime/journal/wal.py:first_damage": "journal's log",
    "runtime/models/batches/bodies.py:replies_of": "whatever it is, LiteLLM's reader or none: test_batched_model.py",
    "runtime/models/batches/bodies.py:spent_usd": "results of a batch",
    "runtime/models/batches/ledger.py:_decoded": "a run's batches",
    "runtime/models/batches/ledger.py:_read": "a run's batches",
    "runtime/models/batches/results.py:_decoded": "what a provider says of batches",
    "runtime/models/batches/results.py:_fault": "results of a batch",
    "runtime/models/bundled.py:__init__": SYSTEM,
    "runtime/models/litellm_transport.py:__call__": "a packed body",
    "runtime/models/litellm_transport.py:_check_parts": "a server's body",
    "runtime/models/node_server.py:_posted": "of a process of this user; gguf.py converts it like llama.cpp's own",
    "runtime/models/node_server.py:_told": "of a folder that is this user's alone, and refused else",
    "runtime/models/odd_bodies.py:tidied": "a server's body",
    "runtime/models/planning_engine.py:plan_with": "what a planner that the user installed wrote",
    "runtime/models/openai_protocol.py:_answer": "a question to the served model",
    "runtime/models/structured.py:as_lines": "lines of JSON",
    "runtime/payloads.py:_decode": "records",
    "runtime/payloads.py:_decode_heads": "records",
    "runtime/payloads.py:_decode_path": "records",
    "runtime/payloads.py:_decoded": "payload",
    "runtime/payloads.py:failures_in": "journal",
    "runtime/plain_files.py:open_named": "nothing is decoded",
    "runtime/report/page.py:_source": SYSTEM,
    "runtime/report/questions.py:_in_chain": "journal",
    "runtime/session/row_inputs.py:rows": KEPT,
    "runtime/session/row_prompts.py:row": KEPT,
    "runtime/session/row_results.py:_chunk": CHECKED,
    "runtime/session/table.py:_begins": "table.csv",
    "runtime/session/table.py:_csv": "table.csv",
    "runtime/session/table.py:_object": "table.jsonl",
    "runtime/session/table.py:_parquet": "table.parquet",
    "runtime/session/table.py:read_table": "input.jsonl",
    "runtime/session/table.py:rows": KEPT,
    "runtime/tools/calculator.py:calculate": "calculator",
    "runtime/tools/calling.py:_bounded": "what a user's own tool returned, within bounds",
    "runtime/tools/sandbox/cells.py:_read": "a cell's message",
    "runtime/tools/sandbox/inside/cell.py:_value_of": INSIDE,
    "runtime/tools/sandbox/inside/frames.py:receive": INSIDE,
    "runtime/tools/sandbox/inside/program_launcher.py:_children": SYSTEM,
    "runtime/tools/sandbox/inside/program_launcher.py:_is_alive": SYSTEM,
    "runtime/tools/sandbox/inside/program_launcher.py:_resident_bytes": SYSTEM,
    "runtime/tools/sandbox/process.py:isolate": HOSTILE_CELLS,
    "runtime/tools/sandbox/process.py:receive": HOSTILE_CELLS,
    "runtime/tools/sandbox/programs.py:run_command": HOSTILE_CELLS,
    "runtime/tuning/record_file.py:__init__": "nothing is decoded",
    "runtime/trace/causality.py:_unreported": "what cannot be read is a leak: tests/runtime/trace/test_causality.py",
    "runtime/trace/lines.py:_decode": "event graph",
    "runtime/tuning/record_file.py:_check": OWN,
    "runtime/tuning/record_file.py:_read": "records of a search",
    "runtime/tuning/setup.py:_answers": "--examples",
    "runtime/user_state.py:_key": "nothing is decoded",
    "runtime/wordings_file.py:parse": "--wordings",
    "runtime/worker/control.py:_decode_message": "message to a worker",
    "runtime/worker/control.py:_decode_reply": "worker's reply",
    "runtime/worker/ray_address.py:_noted_by_ray_start": "Ray's note",
    "runtime/worker/ray_owner.py:_is_programs": SYSTEM,
    "runtime/worker/ray_owner.py:_parent": SYSTEM,
    "runtime/worker/ray_owner.py:cluster_above": SYSTEM,
    "runtime/worker/ray_owner.py:_listening": SYSTEM,
    "scripts/cluster/launch.py:_carried": OWN,
    "scripts/cluster/parcel.py:framed_in": "a job's output",
    "scripts/cluster/parcel.py:pack": OWN,
    "scripts/cluster/parcel.py:unpack": "fetched run",
    "scripts/commands/bench_directory.py:_lines": "answers of a bench",
    "scripts/commands/bench_directory.py:read_bench": "bench.json",
    "scripts/commands/options.py:_read_toml": "--config",
    "scripts/commands/review.py:_from_file": "--answers",
    "scripts/commands/stop.py:holder_of": SYSTEM,
    "voting/record_race.py:fields_of": "record of fields",
}


def decoders() -> set[str]:
    """``FILE:FUNCTION`` of every place that decodes; ``FILE:NAME`` of decoders that stand in a module."""
    files = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    found = set()
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(APART):
            found |= {f"{name}:{where}" for where in _in(ast.parse(path.read_text()))}
    return found


def _in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _decodes(node):
            yield node.name
    for node in module.body:
        if isinstance(node, ast.Assign) and _decodes(node):
            yield ast.unparse(node.targets[0])


def _decodes(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Call) and _is_decoder(inner.func) for inner in ast.walk(node))


def _is_decoder(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute):
        return isinstance(function, ast.Name) and function.id == "open_plain"
    owner = function.value
    before = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return function.attr in METHODS or f"{before}.{function.attr}" in DECODES
