"""The last answer line: how it may be marked, what is taken off, and that hostile replies cost no more than linear."""

import sys

import pytest

from surefoot.decompose.typed.answer_line import last_line, unwrapped


@pytest.mark.parametrize(
    "text",
    [
        "Answer: 42",
        "First 6, then 7.\n\n**Answer:** 42",
        "**Answer: 42**",
        "Final answer = 42",
        "> the answer is: 42",
        "The final answer is **42**",
        "### Answer\nno\n### Answer: `42`",
        "answer: \\boxed{42}",
        "Answer: $42$",
        "Answer: \\(42\\)",
        'Answer: "42"',
        "Answer:\n\n42\n\nI hope this helps.",
        "Answer:\n```\n42\n```",
        "Answer: 41\nWait.\nAnswer: 42",
        "42",
        "```\n42\n```",
    ],
)
def test_an_answer_is_found_and_unwrapped(text: str) -> None:
    line = last_line(text)
    assert line is not None
    assert line.marked
    assert unwrapped(line.text) == "42"


def test_a_line_without_a_mark_says_so() -> None:
    line = last_line("It is easy.\n42\n")
    assert line is not None
    assert (line.text, line.marked) == ("42", False)


@pytest.mark.parametrize("text", ["", "  \n\t\n", "```\n```"])
def test_nothing_is_said(text: str) -> None:
    assert last_line(text) is None


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ('"Rome" and "Paris"', '"Rome" and "Paris"'),
        ("**'x'**", "x"),
        ("$5", "$5"),
        ('""', '""'),
        ("*", "*"),
        ("`" * 1001, "`" * 1001),
    ],
)
def test_only_marks_around_the_whole_are_taken_off(text: str, inner: str) -> None:
    assert unwrapped(text) == inner


@pytest.mark.parametrize(
    "unit",
    [
        " ",
        "*",
        "\n",
        "> ",
        "answer ",
        "the ",
        "Answer:",
        "Answer:\n",
        "\n\n answer is",
        "```\n",
        "final answer",
        "`",
        "the final ",
    ],
)
def test_twice_the_text_is_at_most_about_twice_the_steps(unit: str) -> None:
    """Counted in lines of Python; the patterns are possessive, and go back over no run that they have read."""
    counts = []
    for size in (20_000, 40_000):
        text = unit * (size // len(unit))
        steps = [0]

        def trace(frame: object, event: str, arg: object, steps: list[int] = steps) -> object:
            steps[0] += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)  # type: ignore[arg-type]
        try:
            line = last_line(text)
            unwrapped(line.text if line else "")
        finally:
            sys.settrace(before)
        counts.append(steps[0])
    assert counts[1] <= 2.1 * counts[0] + 20


@pytest.mark.parametrize("unit", [" ", "*", "\n", "the ", "Answer:", "Answer:\n", "answer " + " " * 50, "```\n"])
def test_a_megabyte_is_read(unit: str) -> None:
    """A pattern that went back over its runs would take hours here."""
    last_line(unit * (1_000_000 // len(unit)))
