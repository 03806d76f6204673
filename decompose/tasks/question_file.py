"""Question files as StrategyQA's: a JSON list of objects with a ``question`` each.

What else an entry holds (``answer``, ``decomposition``, ``facts``) is not read here, so that no run can see it; the
referee reads the answers for itself.
"""

import functools

import msgspec

LONGEST = 600
"""Characters of a question, at most."""


class Question(msgspec.Struct, frozen=True, tag=True):
    """A yes-or-no question of a question file.

    Attributes:
        number: Place in the file, from 1.
        text: One line.
        name: For people and tables.
        start: State before it is answered.
        cap: Most actions: the answer.
    """

    number: int
    text: str
    name: str = ""
    start: str = "open"
    cap: int = 1


class _Entry(msgspec.Struct, frozen=True):
    question: str


@functools.lru_cache(maxsize=16)
def read_questions(text: str) -> tuple[Question, ...]:
    """Return the questions that a question file's text holds.

    Raises:
        ValueError: It is no such file. One line.
    """
    try:
        entries = msgspec.json.decode(text, type=list[_Entry])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ValueError(f"file: not a list of questions as StrategyQA's: {error}") from error
    if not entries:
        raise ValueError("file: it holds no question")
    found = []
    for number, entry in enumerate(entries, start=1):
        words = " ".join(entry.question.split())
        if not words or len(words) > LONGEST:
            raise ValueError(f"file: question {number} is empty or longer than {LONGEST} characters")
        found.append(Question(number, words, f"question {number}"))
    return tuple(found)
