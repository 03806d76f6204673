"""What the modules' ``chat`` replies name, as JSON schemas: for servers that can hold a model to one."""

from typing import Any

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_YES_OR_NO = {"type": "string", "enum": ["yes", "no"]}

SCHEMAS: dict[str, dict[str, Any]] = {
    "propose": {"action": _TEXTS},
    "check": {"rule": _TEXT, "valid": _YES_OR_NO},
    "predict": {"next_state": _TEXT},
    "value": {"steps": {"type": "integer"}},
    "reached": {"reached": _YES_OR_NO},
    "subgoal": {"subgoal": _TEXTS},
    "plan": {"action": _TEXTS},
}
"""By kind of step; a list stands for a line for each of its texts. The rule of a valid action is not read."""
