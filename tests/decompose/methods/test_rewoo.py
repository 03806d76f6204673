"""Plans as text: read by a grammar, checked before anything runs, one canonical form, filled in node by node."""

import random

import msgspec
import pytest

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.methods.asking import Goal, Turning, asked_next, settled
from surefoot.decompose.methods.rewoo import MODEL, Line, Rewoo, read_plan
from surefoot.decompose.plan import Expansion, Failure, Ref, as_output, failure_of
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Call, Done, Flag, Prompt, Step
from surefoot.decompose.tasks.generated import Generated
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Race, Won
from tests.decompose.methods.walking import Walk

PROBLEM = Generated(method="rewoo", calculator=True)


def text_of(lines: tuple[Line, ...]) -> str:
    return "\n".join(map(str, lines))


def drawn(seed: int, count: int, stride: int = 1) -> str:
    """A valid plan of so many lines, in any order, whose numbers are no places: 7, 107, 1007, ..."""
    rng = random.Random(seed)
    numbers = rng.sample(range(1, 20 * count), count)
    if seed % 2:
        numbers = list(range(1, count + 1))  # also the plain 1 to 120, with #E1, #E10 and #E100
    rows = []
    for place, number in enumerate(numbers):
        earlier = rng.sample(numbers[:place], min(place, rng.randint(0, 3)))
        terms = [str(rng.randint(0, 99)), *(f"#E{one}" for one in earlier)]
        rng.shuffle(terms)
        rows.append(f"#E{number} = calc[{' + '.join(terms)}]")
    rng.shuffle(rows)
    return "\n".join(rows)


def interpreted(text: str) -> list[int]:
    """A reference interpreter, by names of Python: the values of all lines, sorted, each once."""
    rows = {row.split(" = ")[0].replace("#", ""): row.split("[")[1][:-1].replace("#", "") for row in text.splitlines()}
    values: dict[str, int] = {}
    while len(values) < len(rows):
        for name, expression in rows.items():
            if all(word in values or word.isdigit() for word in expression.split(" + ")):
                values[name] = eval(expression, {}, dict(values))
    return sorted(set(values.values()))


def run(lines: tuple[Line, ...]) -> list[int]:
    found: dict[int, str] = {}
    for line in lines:
        found[line.number] = str(eval(line.filled(found)))
    return sorted(set(map(int, found.values())))


@pytest.mark.parametrize("seed", range(12))
def test_large_plans_are_what_a_reference_interpreter_says(seed: int) -> None:
    text = drawn(seed, 120)
    lines = read_plan(text, ("calc",))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) >= 100
    assert all(number < line.number for line in lines for number in line.reads)
    assert run(lines) == interpreted(text)


def test_placeholders_of_more_than_one_figure_are_whole_numbers() -> None:
    """Pitfall 1: ``#E1`` is no part of ``#E10``, and ``#E10`` is no missing evidence."""
    text = "\n".join([*(f"#E{n} = calc[{n} + 0]" for n in range(1, 13)), "#E100 = calc[#E1 * 100 + #E10 + #E12]"])
    assert run(read_plan(text, ("calc",)))[-1] == 122


def test_several_placeholders_in_one_input() -> None:
    """Pitfall 2."""
    lines = read_plan("#E1 = calc[2]\n#E2 = calc[3]\n#E3 = calc[#E1 + #E2 * #E1 + #E2]", ("calc",))
    assert lines[-1].filled({line.number: str(line.parts[0]) for line in lines[:2]}) == "2 + 3 * 2 + 3"
    assert run(lines)[-1] == 2 + 3 * 2 + 3


def test_what_is_substituted_is_never_read_again() -> None:
    """An answer that looks like a placeholder stays an answer."""
    lines = read_plan("#E1 = Ask[a]\n#E2 = Ask[b #E1]", ())
    assert lines[1].filled({1: "#E2 #E1"}) == "b #E2 #E1"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "this one has 0"),
        ("I cannot plan.", "this one has 0"),
        ("#E1 = calc[1]\n#E1 = calc[2]", "#E1 stands there twice"),
        ("#E1 = calc[#E1 + 1]", "#E1 reads itself"),
        ("#E1 = calc[#E2]", "#E1 reads #E2, which is not there"),
        ("#E1 = calc[#E2]\n#E2 = calc[#E3]\n#E3 = calc[#E1]", "read each other in a circle"),
        ("#E1 = rm[all]", "#E1 uses rm, which is none of Ask, calc"),
        ("#E1 = calc[]", "no line of a plan"),
        ("#E1 = calc[1", "no line of a plan"),
        ("#E1 calc[1]", "no line of a plan"),
        ("#Ex = calc[1]", "no line of a plan"),
        ("#E1 = calc[" + "1" * 3000 + "]", "no line of a plan"),
        ("\n".join(f"#E{n} = calc[1]" for n in range(1, 5000)), "this one has 4,999"),
    ],
)
def test_plans_that_cannot_run_are_refused_before_anything_runs(text: str, why: str) -> None:
    """Pitfall 4: self, circular and undefined references; no question is asked, no tool is called."""
    with pytest.raises(ValueError, match=why.replace("(", r"\(")):
        read_plan(text, ("calc",))
    step = Rewoo().ask("plan", Goal("q"), "q")
    flag = PROBLEM.parse(step, text, "chat")
    assert isinstance(flag, Flag)
    assert flag.name == "inconsistent"


@pytest.mark.parametrize("seed", range(10))
def test_plans_that_differ_in_numbers_and_order_only_are_one(seed: int) -> None:
    text, rng = drawn(seed, 30), random.Random(seed)
    rows = text.splitlines()
    names = {row.split(" = ")[0]: f"#E{n}" for n, row in zip(rng.sample(range(1, 900), 30), rows, strict=True)}
    renamed = []
    for row in rows:
        name, expression = row.split(" = calc[")
        terms = " + ".join(names.get(term, term) for term in expression[:-1].split(" + "))
        renamed.append(f"{names[name]} = calc[{terms}]")
    rng.shuffle(renamed)
    assert read_plan("\n".join(renamed), ("calc",)) == read_plan(text, ("calc",))
    # The placebo: one number changed is another plan.
    changed = "\n".join(renamed).replace("calc[", "calc[1 + ", 1)
    assert read_plan(changed, ("calc",)) != read_plan(text, ("calc",))


def test_reading_a_plan_that_was_written_changes_nothing() -> None:
    lines = read_plan(drawn(3, 40), ("calc",))
    assert read_plan(text_of(lines), ("calc",)) == lines


def test_other_lines_of_a_reply_are_not_looked_at() -> None:
    text = "Plan: first add.\n  #E1 = calc[1 + 1]  \nPlan: then ask.\n#E2 = Ask[What is #E1?]\nDone."
    assert text_of(read_plan(text, ("calc",))) == "#E1 = calc[1 + 1]\n#E2 = Ask[What is #E1?]"


def test_a_plan_becomes_children_that_read_each_other() -> None:
    goal = Goal("q")
    state = settled(Rewoo(), PROBLEM, goal, Turning(()))
    plan = "#E1 = calc[1 + 1]\n#E2 = Ask[What is #E1 + #E1?]"
    asked = asked_next(Rewoo(), PROBLEM, goal, settled(Rewoo(), PROBLEM, goal, Turning(state.board, (plan,))))
    assert isinstance(asked, Expansion)
    assert [one.inputs for one in asked.children] == [(), (Ref(0),)]
    assert all(one.may_fail for one in asked.children)
    first, second = [one.goal for one in asked.children]
    assert asked_next(Rewoo(), PROBLEM, first, Turning(())) == Call("calc", {"expression": "1 + 1"}, may_fail=True)
    step = asked_next(Rewoo(), PROBLEM, second, Turning(("2",)))
    assert isinstance(step, Step)
    assert step.reads.question == "What is 2 + 2?"
    assert step.reads.shown == (), "a line sees what it reads, and nothing else of the plan"


def test_a_line_whose_source_failed_asks_nothing() -> None:
    """Pitfalls 5 and 6: what failed is typed, stops what reads it, and is never an ordinary text."""
    line = msgspec.to_builtins(read_plan("#E1 = Ask[a]\n#E2 = Ask[b #E1]", ())[1])
    goal = Goal("", 0, "line", 1, line)
    ended = asked_next(Rewoo(), PROBLEM, goal, Turning((as_output(Failure("timeout", "too slow")),)))
    assert ended == Done(None, "a line that it reads failed")


def test_a_question_whose_plan_failed_has_no_answer() -> None:
    plan = "#E1 = Ask[a]\n#E2 = Ask[b #E1]"
    found = [
        as_output(Failure("ToolCallFailed", "gone")),
        as_output(Failure("RunFailed", "a line that it reads failed")),
    ]
    ended = asked_next(Rewoo(), PROBLEM, Goal("q"), Turning((), (plan, found)))
    assert isinstance(ended, Done)
    assert ended.failure == "2 of 2 lines failed; #E1: gone"
    assert MODEL == "Ask"


def test_plans_are_right_by_votes_where_the_planner_is_right_in_seven_of_ten() -> None:
    """A5: 150 questions, a lead of 4, wrong plans that differ: at most one wrong. The placebo, one plan: about 45."""
    model = SimulatedModel(answers, parse_profile("p_error=0.3"))
    voted = alone = 0
    for number in range(1, 151):
        task = Generated(family="chains", length=6, number=number, method="rewoo")
        step = task.sample_step(number - 1)
        prompt = task.prompt(step, "chat")
        right = task.parse(step, answers(prompt).right[0], "chat")
        race, draw = Race(FirstToAheadBy(4), 60), 0
        while race.verdict is None:
            said = task.parse(step, model.reply(Request(prompt, (draw,), 1.0, 4096, 0), draw).text, "chat")
            assert isinstance(said, str)
            alone += draw == 0 and said != right
            race.cast(Ballot(draw, said))
            draw += 1
        voted += not (isinstance(race.verdict, Won) and race.verdict.candidate == right)
    assert voted <= 1
    assert alone >= 30


def planned(method: str, number: int, shared: float, alike: bool = False) -> tuple[str | None, list[str]]:
    """Return how a question ends, ``right``, ``wrong`` or ``None`` where it has no answer, and what was asked.

    Args:
        method: Of one wording or three.
        number: Of the question.
        shared: Share of the prompts for a plan at which every draw is the same wrong plan.
        alike: Whether that is the same wrong plan in all wordings.
    """
    task = Generated(family="chains", length=6, number=number, method=method)

    def reply(prompt: Prompt) -> str:
        known = answers(prompt)
        if "#E1 = " not in known.right[0]:
            return known.right[0]
        rng = random.Random(f"{number}" if alike else prompt.user)
        return rng.choice(known.wrong) if rng.random() < shared else known.right[0]

    walk = Walk(task, reply)
    found = walk.run()
    asked = [kind for kind in walk.kinds if kind.startswith("plan")]
    if failure_of(found) is not None:
        return None, asked
    return ("right" if found == answer_of(task.question()) else "wrong"), asked


def test_a_wrong_plan_that_every_draw_of_a_prompt_gives_is_seen_in_other_words() -> None:
    """A5, a common cause: at 30 % of the prompts all draws agree on one wrong plan, which no vote can see.

    Of 200 questions 60 are wrong by one wording; asked for in three, those that are wrong without a flag are the few at
    which two wordings come to the same wrong plan. The placebos: one wording, and mistakes that all wordings share.
    """
    numbers = range(1, 201)
    alone = [planned("rewoo", number, 0.3)[0] for number in numbers]
    assert 45 <= alone.count("wrong") <= 75
    three = [planned("rewoo-3", number, 0.3) for number in numbers]
    flagged = [len(asked) == 3 for _, asked in three]
    wrong_first = [one == "wrong" for one in alone]
    seen = sum(flag for flag, wrong in zip(flagged, wrong_first, strict=True) if wrong)
    assert seen >= 0.9 * sum(wrong_first)
    ends = [end for end, _ in three]
    assert ends.count("wrong") <= 10
    assert ends.count("right") >= 145
    shared = [planned("rewoo-3", number, 0.3, alike=True) for number in numbers]
    assert not any(len(asked) == 3 for _, asked in shared)
    assert [end for end, _ in shared].count("wrong") >= 45


def test_plans_without_a_common_cause_take_two_wordings_and_no_third() -> None:
    for number in range(1, 11):
        assert planned("rewoo-3", number, 0.0) == ("right", ["plan", "plan, reworded"])
        assert planned("rewoo", number, 0.0) == ("right", ["plan"])


def test_three_wordings_with_three_plans_give_no_answer() -> None:
    step, goal = Rewoo(reworded=True), Goal("What is 1 + 2?")
    said = ("#E1 = Ask[a]", "#E1 = Ask[b]", "#E1 = Ask[c]")
    state = settled(step, PROBLEM, goal, Turning((), said))
    ended = asked_next(step, PROBLEM, goal, state)
    assert isinstance(ended, Done)
    assert "3 wordings are all different" in ended.failure
    again = asked_next(step, PROBLEM, goal, settled(step, PROBLEM, goal, Turning((), (*said[:2], said[0]))))
    assert isinstance(again, Expansion)
    assert [one.goal.given["parts"] for one in again.children] == [("a",)]
