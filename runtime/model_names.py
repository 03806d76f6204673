"""Names of models as people type them: one, or several by commas that take turns."""

from collections.abc import Sequence

from surefoot.runtime.local_models import PREFIX

WEIGHTS = ".gguf"
"""How the path of a file ends that may have commas in it."""


def members_of(name: str) -> list[str]:
    """Split a name such as ``A,B`` into models; commas in the parameters or in the path of one model do not split."""
    members: list[str] = []
    parts = name.split(",")
    for number, part in enumerate(parts):
        # simulated:p_error=0.1,p_hard=0.05 is one model: a parameter has no colon before its equals sign.
        is_parameter = "=" in part and ":" not in part.partition("=")[0]
        if members and (is_parameter or _is_in_a_path(members[-1], parts[number:])):
            members[-1] += f",{part}"
        else:
            members.append(part)
    return [member.strip() for member in members if member.strip()] or [name]


def _is_in_a_path(before: str, parts: Sequence[str]) -> bool:
    """Whether the path of a file of weights goes on behind a comma: it does not end yet, and ends further on."""
    if not before.strip().startswith(PREFIX) or before.strip().lower().endswith(WEIGHTS):
        return False
    for part in parts:
        if part.strip().startswith(PREFIX):
            return False
        if part.strip().lower().endswith(WEIGHTS):
            return True
    return False
