"""What to try with a model that a run's questions cannot be put to as they are, as commands and options to type."""

from collections.abc import Sequence

import msgspec

from surefoot.decompose.tasks.built_in import MICRO_TASKS
from surefoot.runtime.config import RunConfig, dialect_of, open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.model_names import members_of


def remedies(config: RunConfig, kinds: Sequence[str]) -> list[str]:
    """Name what a person may try for kinds of question that a model fails at, cheapest first.

    Args:
        config: As they were asked.
        kinds: Those kinds; nothing is proposed for none.
    """
    dialect = dialect_of(config)
    if not kinds or dialect == "compact":  # models that were made for their questions
        return []
    found = []
    if config.task == "map":
        found.append("kind prose (surefoot.Text(prose=True)) for a field of free text, which is then not voted on")
    if config.task in MICRO_TASKS and dialect != "micro" and _takes_micro(config):
        found.append("--dialect micro, which asks for one fact at a time")
    if len(members_of(config.model)) == 1:
        named = f" --kind {kinds[0]}" if kinds[0] else ""
        found.append(f"surefoot tune {config.task}{named} --model {config.model}, which searches for a better wording")
    return found


def _takes_micro(config: RunConfig) -> bool:
    """Whether these options of the task can be asked by single facts: of castles, those without a circle can."""
    try:
        open_task(msgspec.structs.replace(config, dialect="micro"))
    except ConfigurationError:
        return False
    return True
