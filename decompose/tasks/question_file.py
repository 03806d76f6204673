"""The questions of a file, in any of the forms of `surefoot.decompose.tasks.question_formats`.

What else an entry holds (``answer``, ``decomposition``, ``facts``) is not read here, so that no run can see it; the
referee reads the answers for itself.
"""

import functools
import random

import msgspec

from surefoot.decompose.tasks.question_formats import records

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
        identity: The file's own name for it, if it has one.
    """

    number: int
    text: str
    name: str = ""
    start: str = "open"
    cap: int = 1
    identity: str = ""


@functools.lru_cache(maxsize=16)
def read_questions(text: str) -> tuple[Question, ...]:
    """Return the questions that a question file's text holds.

    Raises:
        ValueError: It is no such file. One line.
    """
    found = []
    for number, entry in enumerate(records(text), start=1):
        words = " ".join(entry["question"].split())
        if not words or len(words) > LONGEST:
            raise ValueError(f"file: question {number} is empty or longer than {LONGEST} characters")
        named = next((entry[key] for key in ("id", "qid") if isinstance(entry.get(key), str | int)), "")
        found.append(Question(number, words, f"question {number}", identity=str(named)[:80]))
    return tuple(found)


PUBLISHED, OF = 100, 229
"""MAP answers 100 of the 229 questions of StrategyQA's dev.json."""


def published(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    """Return the questions that MAP was measured on, in its order: ``random.sample`` with the seed 2024.

    Raises:
        ValueError: The file does not hold 229 questions.
    """
    if len(questions) != OF:
        raise ValueError(
            f"published: the published set is of {OF} questions (StrategyQA's dev.json), not {len(questions)}"
        )
    # The generator that the released code used; the order follows from the seed alone.
    return tuple(questions[number] for number in random.Random(2024).sample(range(OF), PUBLISHED))
