"""Lessons and exams for a tiny model, made from exports of the same runs; nothing here needs torch.

A lesson is a conversation as ``surefoot export --format chat`` wrote it, as a row of tokens with the mask of what the
loss counts. Exams come from runs of other tasks: what was asked there, with the right reply of the answer key.
"""

import functools
import json
import pathlib
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Prompt
from surefoot.scripts.bundled.masked_lessons import Lesson

ASKED, SAID, END = "<user>", "<assistant>", "<end>"
"""Tokens before what a user says, before what the model says, and behind that."""
LONGEST: Final = 192
"""Tokens of a lesson; longer conversations are cut between two questions."""

_TOKEN = re.compile(r"[1-9][0-9]?[abc]{2}|[A-Za-z]*[d-zA-Z][A-Za-z]*|\S")
"""A move is a token, and a word with other letters than those of pegs; of states, each peg is one."""

Messages = Sequence[Mapping[str, Any]]


class Exam(msgspec.Struct, frozen=True):
    """A question in its context, and the reply that is right.

    Attributes:
        context: Messages before the reply.
        prompt: The question alone.
        right: The reply of the answer key.
    """

    context: tuple[tuple[str, str], ...]
    prompt: str
    right: str


def tokens_of(text: str) -> list[str]:
    """Divide a text into tokens."""
    return _TOKEN.findall(text)


def read_talks(path: pathlib.Path) -> list[Messages]:
    """Read the conversations of an exported file, without what an example says of its origin."""
    with path.open() as file:
        return [json.loads(line)["messages"] for line in file]


def exchanges(messages: Messages) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield what was asked with what was said to it."""
    told = [one for one in messages if one["role"] != "system"]
    yield from zip(told[::2], told[1::2], strict=True)


def lessons_of(talks: Iterable[Messages]) -> list[Lesson]:
    """Turn conversations into lessons of at most ``LONGEST`` tokens; those in which nothing is learned are dropped."""
    found: list[Lesson] = []
    for talk in talks:
        lesson = Lesson((), ())
        for part in questions_in(talk):
            if len(lesson.tokens) + len(part.tokens) > LONGEST:
                found.append(lesson)
                lesson = Lesson((), ())
            lesson = Lesson(lesson.tokens + part.tokens, lesson.said + part.said)
        found.append(lesson)
    return [one for one in found if any(one.said) and len(one.tokens) <= LONGEST]


def questions_in(talk: Messages) -> Iterator[Lesson]:
    """Yield a conversation question by question, each with all replies to it: where it may be cut."""
    tokens: list[str] = []
    said: list[bool] = []
    for asked, answered in exchanges(talk):
        if asked["content"].split("\n")[-1][0] != "[" and tokens:
            yield Lesson(tuple(tokens), tuple(said))
            tokens, said = [], []
        before = [ASKED, *tokens_of(asked["content"]), SAID]
        reply = [*tokens_of(answered["content"]), END]
        tokens += before + reply
        said += [False] * len(before) + [bool(answered["train"])] * len(reply)
    yield Lesson(tuple(tokens), tuple(said))


def shuffled(talk: Messages, rng: random.Random) -> list[dict[str, Any]]:
    """Return a conversation with the same questions, replies and notes in another order: the placebo.

    Each reply stands behind its own question, as nothing could be learned otherwise; notes stand anywhere.
    """
    pairs: list[tuple[str, Mapping[str, Any]]] = []
    notes: list[str] = []
    prompt = ""
    for asked, answered in exchanges(talk):
        lines = asked["content"].split("\n")
        notes += [line for line in lines if line.startswith("[")]
        prompt = "\n".join(line for line in lines if not line.startswith("[")) or prompt
        pairs.append((prompt, answered))
    rng.shuffle(pairs)
    heard: list[list[str]] = [[] for _ in pairs]
    for note in notes:
        rng.choice(heard).append(note)
    told: list[dict[str, Any]] = []
    for (question, answered), lines in zip(pairs, heard, strict=True):
        told += [{"role": "user", "content": "\n".join([*lines, question])}, dict(answered)]
    return told


def prompts_in(talks: Iterable[Messages]) -> set[str]:
    """Return every question that is asked in some conversations."""
    lines = (line for talk in talks for one in talk if one["role"] == "user" for line in one["content"].split("\n"))
    return {line for line in lines if not line.startswith("[")}


@functools.lru_cache(maxsize=2**14)
def right_reply(prompt: str) -> str:
    """Return the reply of the answer key to a question of a Tower of Hanoi in the compact dialect."""
    return answers(Prompt(prompt)).right[0]


def exams_of(talks: Iterable[Messages], known: set[str], most: int) -> dict[str, list[Exam]]:
    """Sort what runs asked, and no lesson did, by what came before.

    ``clean``: nothing went wrong in this run of the chain. ``perturbed``: a wrong answer was gone on with, so that the
    question is about a state that no right run comes to; both are asked alone. ``dead end``: the reply before was
    discarded. ``rolled back``: the run before did not return what was promised, and the chain begins again. These two
    are asked at the end of the conversation.

    Args:
        talks: Conversations of the kind ``process``.
        known: Questions that are left out.
        most: Most of one class.
    """
    found: dict[str, dict[tuple[tuple[str, str], ...], Exam]] = {}
    for talk in talks:
        for name, exam in _exams_in(talk):
            if exam.prompt not in known:
                found.setdefault(name, {}).setdefault(exam.context, exam)
    return {name: list(exams.values())[:most] for name, exams in sorted(found.items())}


def _exams_in(talk: Messages) -> Iterator[tuple[str, Exam]]:
    context: list[tuple[str, str]] = []
    prompt, said, strayed = "", "", False
    for asked, answered in exchanges(talk):
        lines = asked["content"].split("\n")
        again = any(line.startswith("[run ") for line in lines)
        discarded = lines[0].startswith("[discarded")
        # What was not discarded, and no other ballot follows it, was gone on with.
        strayed = not again and (strayed or (bool(said) and lines[-1][0] != "[" and said != right_reply(prompt)))
        prompt = next((line for line in lines if line[0] != "["), prompt)
        context.append(("user", asked["content"]))
        alone = (("user", prompt),)
        if discarded and lines[-1][0] == "[":
            yield "dead end", Exam(tuple(context), prompt, right_reply(prompt))
        elif again:
            yield "rolled back", Exam(tuple(context), prompt, right_reply(prompt))
        elif lines[-1][0] != "[":
            yield "perturbed" if strayed else "clean", Exam(alone, prompt, right_reply(prompt))
        said = answered["content"]
        context.append(("assistant", said))


def exam_lesson(context: Sequence[tuple[str, str]], reply: str) -> Lesson:
    """Return the end of a context and the reply to it as a lesson whose mask is that reply, cut as lessons are."""
    messages = [{"role": role, "content": text, "train": False} for role, text in context]
    messages.append({"role": "assistant", "content": reply, "train": True})
    parts = list(questions_in(messages))
    while sum(len(part.tokens) for part in parts) > LONGEST and len(parts) > 1:
        parts.pop(0)
    return Lesson(tuple(t for part in parts for t in part.tokens), tuple(s for part in parts for s in part.said))


def unrefuted(talks: Sequence[Messages]) -> list[list[dict[str, Any]]]:
    """Mark in conversations also what was decided in runs that were given up, and that nothing decided since refutes.

    A reply is refuted where the run went on with another one to the same question. What was discarded or outvoted stays
    unmarked. Right answers are not asked: some of these replies are wrong.

    Args:
        talks: Conversations of the kind ``process``.
    """
    final = {prompt: said["content"] for talk in talks for prompt, said, _ in decided(talk) if said["train"]}
    found = []
    for talk in talks:
        messages: list[dict[str, Any]] = []
        for (asked, _), (prompt, said, ended) in zip(exchanges(talk), decided(talk), strict=True):
            learned = said["train"] or (ended and prompt not in final)
            messages += [dict(asked), {**said, "train": learned}]
        found.append(messages)
    return found


def decided(talk: Messages) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Yield each question of a conversation with a reply, and whether the question was decided with it."""
    told, prompt = list(exchanges(talk)), ""
    behind = [asked["content"] for asked, _ in told[1:]] + [""]
    for (asked, said), after in zip(told, behind, strict=True):
        prompt = next((line for line in asked["content"].split("\n") if line[0] != "["), prompt)
        yield prompt, said, not after.startswith(("[discarded", "[another", "[undecided"))


def singles(talks: Sequence[Messages]) -> list[list[dict[str, Any]]]:
    """Return each question with the reply that is learned as a conversation of its own, each once."""
    known = {(prompt, said["content"]): said for talk in talks for prompt, said, _ in decided(talk) if said["train"]}
    return [[{"role": "user", "content": prompt}, dict(said)] for (prompt, _), said in known.items()]
