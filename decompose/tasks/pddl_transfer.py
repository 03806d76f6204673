"""Worked examples of one domain in the questions of another: the published transfer to the mystery wording."""

from surefoot.decompose.tasks.digit_list_examples import EXAMPLES as LISTS
from surefoot.decompose.tasks.pddl_examples import EXAMPLES

_BLOCKS = (
    "In another domain a hand picks up blocks from the table and puts them down, stacks a block on top of another and "
    "unstacks it; it holds one block at a time, and moves only blocks that are clear.\n"
)
_LISTS = (
    "In another domain three lists A, B and C hold numbers. Only the rightmost number of a list may be moved (rule1), "
    "to the right end of a list in which every number is smaller (rule2).\n"
)


def transferred(domain: str, role: str) -> str:
    """Return a module's worked example from another domain, behind a sentence about that domain.

    Args:
        domain: ``blocksworld`` or ``hanoi``.
        role: The module.
    """
    if domain == "hanoi":
        found = LISTS.get(role, ("",))[0]
        return _LISTS + found if found else ""
    found = EXAMPLES["blocksworld"].get(role, "")
    return _BLOCKS + found if found else ""
