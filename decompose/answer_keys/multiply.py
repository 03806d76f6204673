"""Right and plausible wrong replies to long-multiplication questions, read off the prompt's text and nothing else.

For the simulated model, for training the bundled one and for scoring ``surefoot measure``. Nothing that decides
imports it. Where a prompt lacks a fact, every answer that some value of the fact would make right is listed.
"""

import re

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.micro import micro_answers
from surefoot.decompose.step import Prompt


def answers(prompt: Prompt) -> Answers:
    """Return all right and wrong replies to a long-multiplication question, in the prompt's own dialect.

    Raises:
        ValueError: The text is not a question about long multiplication.
    """
    if prompt.raw:
        return micro_answers(prompt)
    chat = bool(prompt.system)
    kind, facts = _read_chat(prompt.user) if chat else _read_compact(prompt.user)
    if kind == "halve":
        return _halves(facts[0], chat)
    values = [_values(kind, *choice) for choice in _choices(kind, facts)]
    right = list(dict.fromkeys(values))
    value = right[0]
    slips = [value + 1, value - 1, value + 10, value - 10, value % 10, value // 10 + value % 10 * 10]
    top = 89 if kind == "times" else 19
    wrong = [slip for slip in dict.fromkeys(slips) if 0 <= slip <= top and slip not in right]
    wrong = wrong or [(value + 1) % 10]
    return Answers(tuple(_say(v, chat) for v in right), tuple(_say(v, chat) for v in wrong))


def _values(kind: str, x: int, y: int, carry: int) -> int:
    return (x * y if kind == "times" else x + y) + carry


def _choices(kind: str, facts: list[str]) -> list[tuple[int, int, int]]:
    """All readings of a question of which some facts may be missing."""
    known = [int(fact) for fact in facts]
    if len(known) == 3:
        return [(known[0], known[1], known[2])]
    spare = range(10) if kind == "times" else range(2)
    if len(known) == 2:
        return [(known[0], known[1], carry) for carry in spare]
    return [(x, y, 0) for x in range(10) for y in range(10)]


def _halves(number: str, chat: bool) -> Answers:
    middle = (len(number) + 1) // 2
    cuts = [cut for cut in range(1, len(number)) if cut != middle]
    high, low = number[:middle], number[middle:]
    said = [(high, low)] + [(number[:cut], number[cut:]) for cut in cuts]
    slip = str((int(low[-1]) + 1) % 10)
    wrong = [(high, low[:-1] + slip), (low, high)]
    return Answers(
        (_say_halves(high, low, chat),),
        tuple(_say_halves(*halves, chat) for halves in wrong if halves not in said),
    )


def _say(value: int, chat: bool) -> str:
    carry, digit = divmod(value, 10)
    return f"That makes {value}.\ncarry = {carry}\ndigit = {digit}" if chat else f"{carry} {digit}"


def _say_halves(high: str, low: str, chat: bool) -> str:
    return f"high = {high}\nlow = {low}" if chat else f"{' '.join(high)} + {' '.join(low)}"


def _read_compact(text: str) -> tuple[str, list[str]]:
    kind, *facts = text.split(" ")
    if kind not in ("times", "plus", "halve") or not all(fact.isdigit() for fact in facts):
        raise ValueError("not a question about long multiplication")
    return kind, ["".join(facts)] if kind == "halve" else facts


def _read_chat(text: str) -> tuple[str, list[str]]:
    split = re.search(r"Split the multiplier (\d+) into", text)
    if split:
        return "halve", [split[1]]
    digit = re.search(r"Work out (\d) ([*+]) (\d)(?: and then add the carry (\d))?", text)
    if not digit:
        raise ValueError("not a question about long multiplication")
    facts = [fact for fact in (digit[1], digit[3], digit[4]) if fact is not None]
    return ("times" if digit[2] == "*" else "plus"), facts
