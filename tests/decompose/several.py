"""The right reply to a question for several steps, said by an answer key."""

from collections.abc import Callable

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt


def whole_reply(key: Callable[[Prompt], Answers], prompt: Prompt) -> str:
    """The key's first right answer to each of the steps that a prompt asks for, one below the other."""
    known, said = key(prompt), list[str]()
    follow = known.follow
    for _ in range(known.count):
        said.append(key(prompt).right[0])
        prompt = follow(prompt, said[-1]) if follow is not None else prompt
    return "\n".join(said)
