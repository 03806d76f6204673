"""Three facts that a very small model half knows: sums, the larger of two numbers, and looking a word up.

    surefoot tune facts:Facts --about sum --model smollm2 --temperature 1
    surefoot run facts:Facts --about sum --model smollm2 --temperature 1 --wordings wordings.toml

Each question stands for itself; the answer is the list of all that was said.
"""

import random
import re
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

import surefoot
from surefoot import Answers, Done, Flag, Node, Prompt, Role, Step

WORDS = ("apple", "bread", "chair", "dress", "eagle", "flute", "grass", "horse")


class Sum(Struct, frozen=True):
    """Two numbers to be added."""

    a: int
    b: int


class Pair(Struct, frozen=True):
    """Two numbers, the larger of which is wanted."""

    a: int
    b: int


class Entry(Struct, frozen=True):
    """A list of words with their numbers, and the word whose number is wanted."""

    entries: str
    word: str


class Facts(surefoot.Task, frozen=True, kw_only=True):
    """Answer small questions of one kind, one after the other."""

    about: Annotated[Literal["sum", "larger", "look-up"], Meta(description="which questions")] = "sum"
    count: Annotated[int, Meta(ge=1, description="how many of them")] = 40

    question_forms: ClassVar = {
        "sum": ("{a} plus {b}", "{a}+{b}", "The sum of {a} and {b}"),
        "larger": ("{a}, {b}", "max({a}, {b})", "{a} or {b}"),
        "look-up": ("{entries}. {word}", "{{{entries}}}[{word}]", "In {entries}, {word} has the number"),
    }

    def root(self):
        """All questions as one node; what is known at the start is that nothing was answered."""
        return Node((), self.about, ((),))

    def next_step(self, goal, state):
        """The next question, or the answers to all of them."""
        return Done(list(state)) if len(state) == self.count else self.sample_step(len(state))

    def advance(self, goal, state, candidate):
        """The answers so far."""
        return (*state, int(candidate))

    def size(self, goal, inputs):
        """Every question is asked once."""
        return self.count

    def prompt(self, step, dialect, wording=0):
        """The plainest words for it."""
        facts = step.reads
        if step.kind == "look-up":
            return Prompt(f"{facts.entries}. Which number has {facts.word}? Reply with the number.", stop=("\n",))
        asked = "What is {} + {}?" if step.kind == "sum" else "Which is larger, {} or {}?"
        return Prompt(f"{asked.format(facts.a, facts.b)} Reply with the number.", stop=("\n",))

    def parse(self, step, text, dialect):
        """The reply is a number and nothing else, but for a full stop."""
        found = re.fullmatch(r"\s*([0-9]{1,4})\.?\s*", text)
        return str(int(found[1])) if found else Flag("misformatted", text)

    def sample_step(self, number):
        """Question ``number`` of the task's kind."""
        dice = random.Random(f"facts {self.about} {number}")
        if self.about == "sum":
            return Step("sum", Role.ACTOR, Sum(dice.randint(2, 60), dice.randint(2, 9)), 8)
        if self.about == "larger":
            return Step("larger", Role.ACTOR, Pair(*dice.sample(range(1, 30), 2)), 8)
        shown = dice.sample(WORDS, 4)
        entries = ", ".join(f"{word}: {dice.randint(10, 99)}" for word in shown)
        return Step("look-up", Role.ACTOR, Entry(entries, dice.choice(shown)), 8)


def answers(prompt):
    """The right reply and a near one, read off the question; for measuring and tuning, never for a run."""
    entries = dict(re.findall(r"(\w+): (\d+)", prompt.user))
    word = re.search(r"has (\w+)\?", prompt.user)
    if word:
        return Answers((entries[word[1]],), tuple(n for n in entries.values() if n != entries[word[1]]))
    a, b = map(int, re.findall(r"\d+", prompt.user))
    right = a + b if "+" in prompt.user else max(a, b)
    return Answers((str(right),), (str(right + 1), str(min(a, b))))
