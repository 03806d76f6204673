"""The rules of the layout, held by reading the source: who imports whom, and what nobody outside a task knows."""

import ast
import functools
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = ("decompose", "voting", "runtime", "scripts")
MAY_IMPORT = {
    "decompose": {"decompose"},
    "voting": {"voting"},
    "runtime": {"decompose", "voting", "runtime"},
    "scripts": set(PACKAGES),
}
FILES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "__pycache__" not in path.parts
)

# Everything that the pure packages may import: nothing here has a clock, a disk, a network, or chance.
PURE = {
    "collections",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "msgspec",
    "re",
    "types",
    "typing",
}
IMPURE_CALLS = {"open", "print", "input", "eval", "exec", "compile", "__import__", "hash", "id", "globals", "vars"}

# What values of output types are made of. The classes are used, their clocks and their chance are not.
OF_VALUES = {"dataclasses", "datetime", "decimal", "string", "types", "unicodedata", "uuid"}
CLOCKS_AND_CHANCE = {"now", "today", "utcnow", "uuid1", "uuid4", "getcontext", "setcontext"}

ONLY_IN = {
    "pydantic": {"decompose/typed/record_classes.py", "decompose/typed/user_types.py"},
    "ray": {
        "runtime/worker/ray_cluster.py",
        "runtime/worker/own_ray.py",
        "runtime/worker/ray_serve.py",
        "runtime/worker/ray_jobs.py",
    },
    "litellm": {"runtime/models/litellm_model.py", "runtime/models/litellm_setup.py"},
    "sqlite3": {
        "runtime/journal/journal.py",
        "runtime/journal/file.py",
        "runtime/journal/fault_points.py",
        "runtime/journal/mirror.py",
        "runtime/tools/search_folder.py",
        "runtime/tools/sqlite_query.py",
    },
}
TRAINING = {
    "scripts/bundled/train.py",
    "scripts/bundled/evaluate.py",
    "scripts/bundled/evaluate_moves.py",
    "scripts/bundled/evaluate_planner.py",
    "scripts/bundled/decoder.py",
    "scripts/bundled/graphs.py",
    "scripts/bundled/muon.py",
    "scripts/bundled/tiny_learner.py",
}
KEEPERS_OF_ANSWERS = {
    "surefoot.decompose.answer_keys": {
        "runtime/models/factory.py",
        "runtime/models/planning_engine.py",  # planners for the key of the simulated model
        "runtime/models/simulated.py",
        "scripts/commands/check_task.py",
        "scripts/commands/task_checks.py",
        "scripts/commands/task_walk.py",
        "scripts/commands/measure.py",
        # surefoot test walks a plan with right answers, without a run.
        "scripts/bundled/list_questions.py",
        "scripts/bundled/room_questions.py",
    },
    # Keys of planning worlds share their executor with the referee; neither is seen by anything that decides.
    "surefoot.decompose.referees": {
        "decompose/answer_keys/river.py",
        "decompose/answer_keys/stacks.py",
        "scripts/commands/verify.py",
        "scripts/commands/check_task.py",
        "scripts/commands/task_checks.py",
        "scripts/commands/bench.py",
        "scripts/commands/bench_methods.py",
        "decompose/answer_keys/problems.py",
        "decompose/answer_keys/ask.py",
        "decompose/answer_keys/file.py",
        "decompose/answer_keys/pddl.py",
        "decompose/answer_keys/strips_grounder.py",
        "decompose/answer_keys/strips_plans.py",
        "decompose/answer_keys/strips_reachable.py",
    },
}


@functools.cache
def parsed(path: pathlib.Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), str(path))


def imports(path: pathlib.Path) -> Iterator[str]:
    """Dotted names of all that a file imports, inside functions as well."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(path: pathlib.Path) -> list[str]:
    """What a file imports of this project."""
    return [name for name in imports(path) if name.startswith("surefoot.")]


def tops(path: pathlib.Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def in_package(*starts: str) -> list[pathlib.Path]:
    return [path for path in FILES if path.as_posix().startswith(starts)]


def test_there_is_something_to_read() -> None:
    assert {path.parts[0] for path in FILES} == set(PACKAGES)
    assert len(FILES) > 40
    assert "asyncio" in tops(pathlib.Path("runtime/execution/priority_semaphore.py"))
    assert "scipy" in tops(pathlib.Path("voting/race_bound.py"))  # imported inside a function


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_go_one_way(path: pathlib.Path) -> None:
    assert not tops(path) & {*PACKAGES, "tests"}, "the packages lie below surefoot"
    assert {name.split(".")[1] for name in own(path)} <= MAY_IMPORT[path.parts[0]]


ROOMS = (
    "ground",
    "journal",
    "forecast",
    "models",
    "tools",
    "execution",
    "worker",
    "coordinator",
    "measurement",
    "tuning",
    "report",
    "trace",
    "session",
    "api",
)
"""The folders of ``runtime/`` from the lowest up; files of the ground lie in
``runtime/`` itself, and ``api.py`` is above all."""


def room(module: str) -> str:
    """The folder below ``runtime/`` that a module lies in."""
    parts = module.split(".")
    return parts[2] if len(parts) > 2 and parts[2] in ROOMS else "ground"


@pytest.mark.parametrize("path", [p for p in FILES if p.parts[0] == "runtime" and p.name != "__init__.py"], ids=str)
def test_no_folder_of_the_runtime_imports_back_up(path: pathlib.Path) -> None:
    here = room("surefoot." + ".".join(path.with_suffix("").parts))
    above = {name for name in own(path) if name.startswith("surefoot.runtime.")}
    above = {name for name in above if ROOMS.index(room(name)) > ROOMS.index(here)}
    assert not above


def test_every_folder_of_the_runtime_has_its_height() -> None:
    assert {path.parts[1] for path in FILES if path.parts[0] == "runtime" and len(path.parts) > 2} == {*ROOMS[1:-1]}


@pytest.mark.parametrize("path", in_package("decompose", "voting"), ids=str)
def test_the_pure_packages_touch_no_world(path: pathlib.Path) -> None:
    allowed = PURE | {"surefoot"}
    if path.parts[:2] == ("decompose", "tasks"):
        allowed |= {"random"}  # a generator of its own, seeded from arguments: see the next test
    if path.parts[:2] == ("decompose", "typed"):
        # Types of values that a task may answer with; pydantic is imported where a type of its own is met.
        allowed |= {"dataclasses", "datetime", "decimal", "pydantic", "string", "types", "unicodedata", "uuid"}
    if path.parts[0] == "voting":
        allowed |= {"scipy", "numpy", "statistics"}  # distributions and linear programs; imported inside functions
    if path.parts[:2] == ("decompose", "typed"):
        allowed |= OF_VALUES
        assert not CLOCKS_AND_CHANCE & {node.attr for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute)}
    if path.as_posix() in ONLY_IN["pydantic"]:
        allowed |= {"pydantic"}  # imported where a type of the user's is one of its
    assert tops(path) <= allowed
    calls = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
    named = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    assert not named & IMPURE_CALLS


def test_chance_in_tasks_is_seeded_from_arguments() -> None:
    uses = [
        (path, node)
        for path in in_package("decompose")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random"
    ]
    assert uses
    assert {node.attr for _, node in uses} == {"Random"}
    for path in {path for path, _ in uses}:
        made = [
            node
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "random.Random"
        ]
        # A file without any names the type only: it draws from a generator that it is given.
        assert all(len(call.args) == 1 for call in made), f"{path} makes an unseeded generator"


@pytest.mark.parametrize("module", ONLY_IN)
def test_outside_things_have_one_door(module: str) -> None:
    assert {path.as_posix() for path in FILES if module in tops(path)} <= ONLY_IN[module]


def test_training_libraries_are_for_training() -> None:
    assert {path.as_posix() for path in FILES if "torch" in tops(path)} <= TRAINING
    translators = {path.as_posix() for path in FILES if "ctranslate2" in tops(path)}
    assert translators <= TRAINING | {"runtime/models/bundled.py"}
    assert {path.as_posix() for path in FILES if "transformers" in tops(path)} <= TRAINING


@pytest.mark.parametrize("package", KEEPERS_OF_ANSWERS)
def test_nothing_that_decides_knows_the_answers(package: str) -> None:
    allowed = KEEPERS_OF_ANSWERS[package]
    for path in FILES:
        name = path.as_posix()
        if name in allowed or name.startswith(
            (package.removeprefix("surefoot.").replace(".", "/"), "scripts/benchmarks/", *TRAINING)
        ):
            continue
        assert not [found for found in imports(path) if found.startswith(package)], name
        # Nor by name, at run time. Docstrings may speak of it.
        spoken = docstrings(parsed(path))
        named = [
            node.value
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in spoken
        ]
        assert not [text for text in named if text.startswith(package)], name


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """Strings that stand as statements of their own."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def identifiers(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "asname", "arg"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value.split(".")[-1]


def test_no_name_outside_a_task_knows_what_a_task_is_about() -> None:
    of_tasks = ("decompose/tasks", "decompose/referees", "decompose/answer_keys")
    outside = [p for p in in_package("decompose", "voting", "runtime") if not p.as_posix().startswith(of_tasks)]
    for path in outside:
        for name in identifiers(parsed(path)):
            if name in ("isdigit", "hexdigits", "digits"):  # Python's own
                continue
            words = set(name.lower().split("_"))
            about = {"disk", "disks", "peg", "pegs", "tower", "towers", "digit", "digits", "hanoi", "multiply"}
            assert not words & about, f"{path}: {name}"
    # The check finds what it is meant to find.
    assert {"disks", "Tower"} <= set(identifiers(parsed(pathlib.Path("decompose/tasks/hanoi.py"))))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_work_at_import_and_no_state_of_modules(path: pathlib.Path) -> None:
    tree = parsed(path)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)]
    for node in tree.body:
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), f"{path}:{node.lineno} does something when imported"
        assert not isinstance(node, ast.For | ast.While | ast.With | ast.Try), f"{path}:{node.lineno}"
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.List | ast.Dict | ast.Set):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = [target.id for target in targets if isinstance(target, ast.Name)]
            assert all(name.isupper() for name in named), f"{path}:{node.lineno}: {named} may change"


def test_no_file_is_named_after_nothing() -> None:
    empty_words = {"utils", "util", "common", "core", "base", "types", "helpers", "misc", "registry", "manager"}
    assert not {path.stem for path in FILES} & empty_words
    assert not {part for path in FILES for part in path.parts[:-1]} & empty_words


def test_importing_surefoot_is_light() -> None:
    """No heavy library comes with any module; each is imported where it is used."""
    modules = [
        ".".join(["surefoot", *path.with_suffix("").parts]).removesuffix(".__init__")
        for path in in_package("decompose", "voting", "runtime", "scripts/commands")
    ]
    assert {
        "surefoot.runtime.worker.ray_cluster",
        "surefoot.runtime.models.bundled",
        "surefoot.runtime.models.litellm_model",
    } <= set(modules)
    program = (
        f"import sys, json, importlib\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "heavy = {'ray', 'litellm', 'torch', 'ctranslate2', 'scipy', 'numpy', 'transformers', 'pydantic'}\n"
        "print(json.dumps(sorted(heavy & set(sys.modules))))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == []
