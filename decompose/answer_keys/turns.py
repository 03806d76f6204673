"""How answer keys of puzzles with one question a turn read a prompt and say an answer."""

from collections.abc import Callable, Iterable

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt

Solve = Callable[[str, str], tuple[Iterable[str], Iterable[str]]]
"""From the kind of question and its facts to right and plausible wrong answers."""


def answers_by(solve: Solve, prompt: Prompt) -> Answers:
    """Return right and wrong replies to a turn's prompt, in the prompt's own dialect."""
    kind, _, facts = prompt.user.partition(" ")
    right, wrong = (tuple(dict.fromkeys(found)) for found in solve(kind, facts))
    say = (lambda text: f"answer = {text}") if prompt.system else str
    slips = tuple(say(text) for text in wrong if text not in right)
    return Answers(tuple(map(say, right)), slips or ("???",))
