"""Right and plausible wrong replies to a ledger's questions, read off the prompt's text.

For the simulated model, tests and measurements. Nothing that decides imports it.
"""

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.micro import micro_answers
from surefoot.decompose.step import Prompt


def answers(prompt: Prompt) -> Answers:
    """All replies to a count, in any dialect.

    Raises:
        ValueError: The text is no count.
    """
    return micro_answers(msgspec.structs.replace(prompt, user=prompt.user.strip() + " "))
