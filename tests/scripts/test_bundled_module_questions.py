"""Module questions for training: right, within the vocabulary, and without the lists that are examined."""

import random
import re

import pytest

from decompose.answer_keys import digit_hanoi, graph
from decompose.step import Prompt
from scripts.bundled_module_questions import MODULES, WORDS, question


@pytest.mark.parametrize("rooms", [False, True])
@pytest.mark.parametrize("module", MODULES)
def test_replies_are_the_keys_and_every_word_is_known(module: str, rooms: bool) -> None:
    rng = random.Random(f"{module} {rooms}")
    words = re.compile(r"\d|[abc]{1,5}|\d\d?(ab|ac|ba|bc|ca|cb)|-|/")
    for _ in range(60):
        prompt, reply = question(rng, module, rooms)
        key = graph if "|" in prompt else digit_hanoi
        assert reply in key.answers(Prompt(prompt)).right
        strange = [word for word in f"{prompt} {reply}".split(" ") if not words.fullmatch(word) and word not in WORDS]
        assert not strange


def test_lists_of_four_are_never_taught() -> None:
    rng = random.Random(4)
    prompts = [question(rng, module)[0] for module in MODULES for _ in range(200)]
    states = [word for prompt in prompts for word in prompt.split(" ") if re.fullmatch("[abc]{3,5}", word)]
    assert {len(state) for state in states} == {3, 5}


def test_they_fit_the_spare_vocabulary() -> None:
    assert len(WORDS) == len(set(WORDS)) <= 32
