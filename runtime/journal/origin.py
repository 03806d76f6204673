"""Where a run's task and servers come from, as its user named them: what a stranger writes there is not believed.

Looking at a run directory needs neither. Before ``resume`` or ``verify`` executes a user's task, before a key is sent
to a server, and before anything outside the run directory is written to, read or executed, what ``run.toml`` names is
held against this note, which is sealed with a key that is kept outside the run directory (``runtime/user_state.py``).
What is not in a sealed note has to be named again by the user.
"""

import hashlib
import pathlib
import sys
from collections.abc import Callable, Collection, Iterable

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import ConfigurationError, ResumeMismatch
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.port import JournalReader, JournalStore
from surefoot.runtime.logs import events_of
from surefoot.runtime.own_code import own_code, own_methods
from surefoot.runtime.servers import host_of, servers_of
from surefoot.runtime.task_modules import lies_in, place_of
from surefoot.runtime.untrusted import tame
from surefoot.runtime.user_code import load_named
from surefoot.runtime.user_state import is_sealed, seal

NO_CLUSTER = ("auto", "none", "local")
"""Values of ``--address`` that name no host."""


class Origin(msgspec.Struct, frozen=True):
    """What a run's user named, when the run was started or a change was accepted.

    Attributes:
        task: The task's name.
        folder: Where the module of a user's task lies; empty for a built-in task.
        file: That module's file.
        digest: SHA-256 of the file, in hexadecimal digits.
        hosts: Protocol, host and port of every server that may be asked, and of a Ray cluster that may be joined; and
            what else lies outside the run directory, as ``outside_of`` names it.
        others: Folder of the module of the user's own rule, method and models, by their names.
        seal: Over all of these; see ``surefoot.runtime.user_state``.
    """

    task: str
    folder: str = ""
    file: str = ""
    digest: str = ""
    hosts: tuple[str, ...] = ()
    others: dict[str, str] = {}
    seal: str = ""

    def sealed(self) -> "Origin":
        """The same with this user's seal; without one where no key can be kept."""
        return msgspec.structs.replace(self, seal=seal(_unsealed(self)))


def known_origin(journal: JournalReader) -> Origin | None:
    """What this user named for a run; ``None`` if the journal holds nothing that was sealed here.

    Raises:
        JournalError: The note cannot be read.
    """
    kept = read_meta(journal, "origin", Origin)
    return kept if kept is not None and is_sealed(_unsealed(kept), kept.seal) else None


def note_origin(journal: JournalStore, config: RunConfig, task: Task) -> None:
    """Journal what the user named: the file of the task, and the hosts of this configuration beside those known."""
    known = known_origin(journal)
    hosts, others = (*hosts_of(config), *outside_of(config)), _folders(own_code(config))
    if known is not None:
        hosts = (*known.hosts, *(host for host in hosts if host not in known.hosts))
        others = {**known.others, **others}
    found = msgspec.structs.replace(_task_origin(config, task), hosts=hosts, others=others)
    if known is not None and _unsealed(known) == _unsealed(found):
        return
    sealed = found.sealed()
    if not sealed.seal and (found.file or hosts or others):
        events_of(journal.run).warning(
            "no key can be kept in your home folder: resume will ask for --task-path, and for --accept-change",
        )
    journal.set_meta(origin=sealed)


def admit_hosts(journal: JournalReader, config: RunConfig, named: Collection[str], accept: bool) -> None:
    """Refuse to ask a server, to join a cluster, or to touch what lies outside, that the user has not named.

    Args:
        journal: Of the run.
        config: What the session would run with.
        named: Options that were given on the command line now.
        accept: Whether a change is accepted.

    Raises:
        ResumeMismatch: There is such a thing. A key is sent to a host otherwise, a cluster executes what it likes, and
            a mirror in somebody's home folder takes the place of files there.
    """
    known = known_origin(journal)
    wanted = (*hosts_of(config, without=named), *outside_of(config, without=named))
    strange = [one for one in wanted if known is None or one not in known.hosts]
    if strange and not accept:
        does, options = zip(*map(_would, strange), strict=True)  # all: what is accepted is accepted as a whole
        also = " or ".join(dict.fromkeys(filter(None, options)))
        raise ResumeMismatch(
            f"{journal.run} would {' and '.join(does)}, which you have not named for this run: --accept-change allows "
            f"it{f', and so does {also}' if also else ''}"
        )


def _would(strange: str) -> tuple[str, str]:
    """What would be done, for people, and the option that names another."""
    does, colon, what = strange.partition(": ")
    if not colon:
        return f"send your key and its questions to {tame(does)}", "--api-base or --address"
    return f"{does} {tame(what)}", "--mirror" if does == _COPY else ""


_COPY = "write a copy to"


def outside_of(config: RunConfig, without: Collection[str] = ()) -> tuple[str, ...]:
    """What a configuration has written, executed or read outside the run directory: ``DOES: WHAT``.

    Args:
        config: Of the run.
        without: Options that are left out.
    """
    found, options = [], config.task_options
    if config.mirror is not None and "mirror" not in without:
        found.append(f"{_COPY}: {config.mirror}")
    if options.get("engine"):
        found.append(f"execute: {options['engine']}")
    if ":" in str(options.get("use") or ""):
        found.append(f"let a model read: {options['use']}")
    return tuple(found)


def hosts_of(config: RunConfig, without: Collection[str] = ()) -> tuple[str, ...]:
    """The hosts that a configuration names, but for those of some of its fields."""
    hosts = [host_of(one) for one in servers_of(config.api_base) if "api_base" not in without]
    if config.address not in NO_CLUSTER and "address" not in without:
        hosts.append(f"ray://{config.address}".lower())
    return tuple(dict.fromkeys(hosts))


def open_known_task(
    journal: JournalReader, config: RunConfig, task_path: pathlib.Path | None, say: Callable[[str], None]
) -> Task:
    """The task of an existing run, its code taken only from where the user stands for it.

    Args:
        journal: Of the run.
        config: Of the run.
        task_path: The folder of the task's module, named by the user now; ``None`` for where the run was started.
        say: Told which file is executed.

    Raises:
        ConfigurationError: The task is not built in and nobody stands for its code, or it is not where it was; and as
            for ``open_task``.
    """
    load_known(journal, own_methods(config), task_path)
    if config.task in BUILT_IN_TASKS:
        return open_task(config)
    name, known = tame(config.task), known_origin(journal)
    module, _, cls = config.task.partition(":")
    if module == "__main__":  # of the script or the notebook that runs now, whose code is its user's own
        if not isinstance(getattr(sys.modules[module], cls, None), type):
            raise ConfigurationError(
                f"{journal.run}: task {name} was written in a script or a notebook: go on there, or give the task, "
                "surefoot.resume(RUN_DIR, task=...)"
            )
        return open_task(config)
    if task_path is None and (known is None or known.task != config.task or not known.folder):
        raise ConfigurationError(
            f"{journal.run}: task {name} is code of a user's, and this run was not started by you on this machine: "
            "name the folder of its module with --task-path DIR if you trust it"
        )
    folder = task_path if task_path is not None else pathlib.Path(known.folder if known is not None else "")
    if not lies_in(folder, module):
        why = "named" if task_path is not None else "where the run was started"
        raise ConfigurationError(
            f"task {name}: there is no module {tame(module)} in {folder}, {why}; use --task-path DIR"
        )
    task = open_task(config, folder)
    found = _task_origin(config, task)
    changed = known is not None and known.digest != found.digest
    say(f"task {name} from {found.file}{', changed since the run was started' if changed else ''}")
    return task


def load_known(journal: JournalReader, names: Iterable[str], folder: pathlib.Path | None) -> None:
    """Import the user's own rule, method or models of an existing run, only from where the user stands for them.

    Args:
        journal: Of the run.
        names: Their names, such as ``my_module:MyModel``.
        folder: Where the user says now that their modules lie; ``None`` for where the run was started.

    Raises:
        ConfigurationError: Nobody stands for one of them, or it is not where it was.
        UserCodeError: A module's own code failed.
    """
    known = known_origin(journal)
    for name in names:
        if folder is None and (known is None or name not in known.others):
            raise ConfigurationError(
                f"{journal.run}: {tame(name)} is code of a user's, and this run was not started by you on this "
                "machine: name the folder of its module with --task-path DIR if you trust it"
            )
        load_named(tame(name), name, folder or pathlib.Path(known.others[name] if known is not None else ""))


def _folders(names: Iterable[str]) -> dict[str, str]:
    """The folder of the module of each name, of those that this process has imported from a file."""
    dotted = {name: name.partition(":")[0] for name in names}
    files = {name: pathlib.Path(place_of(sys.modules[one])) for name, one in dotted.items() if one in sys.modules}
    return {name: str(_folder_of(dotted[name], file)) for name, file in files.items() if file.is_file()}


def _folder_of(dotted: str, file: pathlib.Path) -> pathlib.Path:
    """The folder from which a module of a dotted name is imported."""
    # As many folders up as the dotted name has parts; a package's own file is called __init__.
    return file.parents[dotted.count(".") + (file.stem == "__init__")]


def _unsealed(origin: Origin) -> Origin:
    return msgspec.structs.replace(origin, seal="")


def _task_origin(config: RunConfig, task: Task) -> Origin:
    """The file and folder of a user's task; only its name for a built-in one, or one that was typed in somewhere."""
    name = type(task).__module__
    if config.task in BUILT_IN_TASKS or name not in sys.modules or name == "__main__":
        return Origin(config.task)
    file = place_of(sys.modules[name])
    path = pathlib.Path(file)
    if not file or not path.is_file():
        return Origin(config.task)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Origin(config.task, str(_folder_of(name, path)), file, digest)
