"""Right and plausible wrong replies to questions of a file, from the file's own entries.

No key knows the world. A right decomposition is the entry's own ``decomposition``; a right answer to a sub-question is
its ``answers`` entry where the file has one (ours does, StrategyQA's has not), else a word that follows from the
sub-question's text alone; a decision is right if all that was found before is. So mistakes travel as they do in life.
For the simulated model and for measuring. Nothing that decides imports it.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.question_formats import records, yes_or_no
from surefoot.decompose.tasks.question_wordings import LABELS, canonical

KINDS = {"TaskDecomposer": "parts", "Actor": "answer", "Monitor": "correct"}


class Known(msgspec.Struct, frozen=True):
    """One entry of a question file, with the answers that an answer key gives."""

    question: str
    answer: bool
    decomposition: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class _Told(msgspec.Struct, frozen=True):
    """What a prompt shows."""

    kind: str
    question: str
    answer: str = ""
    found: tuple[str, ...] = ()
    chat: bool = False


def answers_of(options: dict[str, Any]) -> Callable[[Prompt], Answers]:
    """Return the answer key to the question file among a task's options.

    Raises:
        ValueError: An entry has no question or no answer.
    """
    try:
        found = records(options.get("file", "[]"))
    except ValueError as error:
        raise ValueError(f"the simulated model needs files of questions: {error}") from error
    entries = [_known(number, entry) for number, entry in enumerate(found, start=1)]
    known = {" ".join(entry.question.split()): entry for entry in entries}
    facts = {part: answer for entry in entries for part, answer in _worked_out(entry)}

    def answers(prompt: Prompt) -> Answers:
        told = _read(prompt)
        right, wrong = _values(told, known, facts)
        return Answers((_say(told, right),), tuple(_say(told, slip) for slip in dict.fromkeys(wrong)))

    return answers


def _known(number: int, entry: dict[str, Any]) -> Known:
    answer = yes_or_no(entry.get("answer"))
    if answer is None:
        raise ValueError(f"the simulated model needs files whose entries have an answer: question {number} has none")
    told = {key: entry[key] for key in ("decomposition", "answers") if entry.get(key)}
    try:
        return msgspec.convert({"question": entry["question"], "answer": answer == "yes", **told}, Known)
    except msgspec.ValidationError as error:
        raise ValueError(f"the simulated model cannot use question {number}: {error}") from error


def _worked_out(entry: Known) -> list[tuple[str, str]]:
    """Each sub-question with its placeholders filled in rightly, and its answer."""
    found: list[tuple[str, str]] = []
    for number, part in enumerate(entry.decomposition or (entry.question,)):
        text = re.sub(r"#(\d+)", lambda named: found[int(named[1]) - 1][1], " ".join(part.split()))
        given = canonical(entry.answers[number]) if number < len(entry.answers) else None
        found.append((text, given or _word(text)))
    return found


def _word(text: str) -> str:
    return f"fact {hashlib.blake2b(text.encode(), digest_size=3).hexdigest()}"


def _read(prompt: Prompt) -> _Told:
    """The facts of a prompt.

    Raises:
        ValueError: It is no question about a question.
    """
    if prompt.system:
        role = re.search(r"You are the (\w+): ", prompt.system)
        kind = KINDS[role[1]] if role else "decide"
    else:
        kind = prompt.user.partition("\n")[0]
    shown: dict[str, tuple[str, ...]] = {}
    for label in ("Question", "Answer", "Found"):
        found = re.findall(rf"^(?:{'|'.join(LABELS[label])}): (.*)$", prompt.user, re.M)
        if found:
            shown[label] = tuple(found)
    if "Question" not in shown or kind not in ("parts", "answer", "correct", "decide"):
        raise ValueError("not a question about a question")
    return _Told(kind, shown["Question"][0], shown.get("Answer", ("",))[0], shown.get("Found", ()), bool(prompt.system))


def _values(told: _Told, known: dict[str, Known], facts: dict[str, str]) -> tuple[str, list[str]]:
    if told.kind == "answer":
        right = facts.get(told.question, _word(told.question))
        return right, [_word(f"{told.question} {number}") for number in range(3)]
    if told.kind == "correct":
        return _yes_if(facts.get(told.question, _word(told.question)) == told.answer)
    entry = known.get(told.question)
    if entry is None:
        raise ValueError("not a question of the file")
    if told.kind == "parts":
        parts = [" ".join(part.split()) for part in entry.decomposition or (entry.question,)]
        return "\n".join(parts), ["\n".join(parts[:-1] or [*parts, *parts]), told.question]
    told_right = not told.found or told.found == tuple(answer for _, answer in _worked_out(entry))
    return _yes_if(entry.answer == told_right)


def _yes_if(holds: bool) -> tuple[str, list[str]]:
    return ("yes", ["no"]) if holds else ("no", ["yes"])


def _say(told: _Told, value: str) -> str:
    if not told.chat:
        return value
    name = {"parts": "question", "correct": "correct"}.get(told.kind, "answer")
    return "\n".join(f"{name} = {line}" for line in value.splitlines())
