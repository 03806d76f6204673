"""Right and wrong cells of Python over generated problems, as the root of the ``recursive`` method writes them.

A cell knows what a program can know: the lines of the input, in ``context``, and the words of the question, in
``question``. What a word of a ledger names has to be asked, or judged by the root once it was shown the words.
"""

import re

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.problem_parts import parts_of
from surefoot.decompose.tasks.problems import dictionary, ledger

SLICE = 100
"""Lines of the slices that a root asks about."""
_TURNS = (
    'head, _, rest = question.partition(": begin with 0 and add what the words of each turn stand for: ")',
    'values = dict(pair.split(" = ") for pair in head.removeprefix("With ").split(", "))',
    'turns = [turn.split() for turn in rest.partition(".")[0].split("; ")]',
)
"""Code that reads a dictionary sum."""
_WORDS = ('words = [line.rpartition(" ")[2] for line in context.split("\\n")]',)
_USERS = ('users = [line.split(" ")[2] for line in context.split("\\n")]',)
"""Code that reads the lines of a ledger: words, and users with a colon behind them."""


def cell(question: str, levels: int) -> Answers:
    """Return the cell that answers a question by sub-questions.

    Args:
        question: Of any family.
        levels: Roots that there may be below each other; with two, large ledgers are handed on in large slices first.
    """
    if dictionary.read(question) is not None:
        return _cells(_by_turns(), "{turns}", "{turns[1:]}")
    kinds = ledger.read(question)
    if kinds is None:
        return Answers((_fenced(_of_parts(question)),), (_fenced(['{"answer": 1}']),))
    questions = [question] if len(kinds) == 1 else [ledger.users_question(kind) for kind in kinds]
    if len(kinds) == 1 and levels > 1:
        code = _sliced(questions, f"max({SLICE}, len(lines) // 10)", ', "recursive": True')
    else:
        code = _sliced(questions, f"max({SLICE}, len(lines) // 4000)", "")
    if len(kinds) == 1:
        code.append('{"answer": sum(map(int, found[0]))}')
    else:
        code += [
            'sets = [{u for text in texts if text != "none" for u in text.split(", ")} for texts in found]',
            '{"answer": len(sets[0] & sets[1])}',
        ]
    wrong = [line.replace("len(lines), size)]", "len(lines) - size, size)]") for line in code]
    return Answers((_fenced(code),), (_fenced(wrong),))


def cell_alone(question: str, gave: tuple[str, ...]) -> Answers | None:
    """Return the cell that answers a question without sub-questions; ``None`` where the root answers it at once.

    The words of a ledger are shown first, each once; then the root says which of them name what the question is
    about. That is as much work as there are words, and nobody votes on it.

    Args:
        question: Of any family.
        gave: What the cells so far gave.
    """
    if dictionary.read(question) is not None:
        total = ['{"answer": sum(int(values[word]) for turn in {turns} for word in turn)}']
        return _cells([*_TURNS, *total], "{turns}", "{turns[1:]}")
    kinds = ledger.read(question)
    if kinds is None:
        return None
    if not gave:
        shown = _fenced([*_WORDS, "sorted(set(words))"])
        return Answers((shown,), (_fenced([*_WORDS, "sorted(set(words))[1:]"]),))
    words = re.findall(r"[a-z]+", gave[-1])
    named = [[word for word in words if word in ledger.KINDS[kind]] for kind in kinds]
    missed = [named[0][1:], *named[1:]]
    right, wrong = (_fenced([*_WORDS, *_USERS, *_judged(one)]) for one in (named, missed))
    return Answers((right,), (wrong,), max(1, len(words)))


def _judged(named: list[list[str]]) -> list[str]:
    """Code that counts the lines with one of some words, or the users who have both kinds."""
    if len(named) == 1:
        return [f'{{"answer": sum(word in {named[0]!r} for word in words)}}']
    sets = f"[{{user for user, word in zip(users, words) if word in one}} for one in {named!r}]"
    return [f"sets = {sets}", '{"answer": len(sets[0] & sets[1])}']


def _by_turns() -> list[str]:
    """Code that asks for the sum of each turn, all at once, and adds them up itself."""
    return [
        *_TURNS,
        'sums = [" + ".join(values[word] for word in turn) for turn in {turns}]',
        'said = ask_all([{"question": f"What is {text}?"} for text in sums])',
        '{"answer": sum(map(int, said))}',
    ]


def _cells(code: list[str], mark: str, wrong: str) -> Answers:
    """A cell, and the wrong one that leaves the first turn out."""
    cells = [[line.replace(mark, text[1:-1]) for line in code] for text in (mark, wrong)]
    return Answers((_fenced(cells[0]),), (_fenced(cells[1]),))


def _sliced(questions: list[str], size: str, more: str) -> list[str]:
    return [
        'lines = context.split("\\n")',
        f"size = {size}",
        "spans = [(a, min(a + size, len(lines))) for a in range(0, len(lines), size)]",
        f"questions = {questions!r}",
        f'asked = [{{"question": q, "from": a, "to": b{more}}} for q in questions for a, b in spans]',
        "said = ask_all(asked)",
        "found = [said[n * len(spans):(n + 1) * len(spans)] for n in range(len(questions))]",
    ]


def _of_parts(question: str) -> list[str]:
    """Code that asks one part after the other, with the answers to those before in it."""
    rows: list[str] = []
    for n, part in enumerate(parts_of(question) or (question,), start=1):
        named = re.sub(r"#([0-9]+)", r"{a\1}", part)
        rows.append(f"a{n} = ask({{'question': f{named!r}}})")
    return [*rows, f"{{'answer': a{len(rows)}}}"]


def _fenced(code: list[str]) -> str:
    return "\n".join(["```python", *code, "```"])
