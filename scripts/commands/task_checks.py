"""The checks of ``surefoot test``, one function each; every check says in one line what it found."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from surefoot.decompose.step import Dialect, Flag
from surefoot.decompose.task import NothingToAsk, Task
from surefoot.runtime.checked_task import alike
from surefoot.runtime.errors import UserCodeError
from surefoot.runtime.untrusted import tame
from surefoot.scripts.commands.task_variations import variations
from surefoot.scripts.commands.task_walk import AnswerKey, Asked, Walk, Walked
from surefoot.scripts.commands.tool_results import ToolResults

SAMPLED = 16
"""Sampled steps that are looked at."""

GARBAGE = ("", "???", "I cannot help with that.", "{" * 200, "42\x00\ud800", "answer " * 500)
"""Replies that no parser may fail at: each is a candidate or a flag."""


CHAINABLE = "with chainable = False in the class, nodes that can be split always are"


class Check(msgspec.Struct, frozen=True):
    """The finding of one check about a task.

    Attributes:
        name: What was checked.
        state: ``ok``, ``failed``, or ``note`` for what may be meant so.
        text: What was found, in one line.
    """

    name: str
    state: str
    text: str


class Subject(msgspec.Struct, frozen=True):
    """A task under test, with all that the checks need to know of it.

    Attributes:
        task: The task, its methods watched.
        key: What answers.
        dialect: In which questions are worded.
        walked: What a walk with right answers met.
        referee: The function ``verify`` beside the task, or ``None``.
        most: Questions of a walk at most.
        tools: What answers calls of tools.
        k: Lead that runs are to be given; ``None`` where a pilot of sampled steps chooses it.
    """

    task: Task
    key: AnswerKey
    dialect: Dialect
    walked: Walked
    referee: Callable[..., Any] | None
    most: int
    tools: ToolResults
    k: int | None = None

    def walk(self, split: bool = True) -> Walked:
        """Walk through the plan once more, with or without splitting nodes that can do either."""
        return Walk(self.task, self.key, self.dialect, self.most, self.tools, split).run()


Finding = tuple[str, str]
"""State and text of a check."""


def check_task(subject: Subject) -> Iterator[Check]:
    """Make every check of a task; one that meets an error in the task's code reports it and hinders no other."""
    for name, check in CHECKS.items():
        try:
            state, text = check(subject)
        except UserCodeError as error:
            state, text = "failed", str(error)
        yield Check(name, state, tame(text, 400))


def plan(subject: Subject) -> Finding:
    """Check that right answers lead through the whole plan to an output."""
    found = subject.walked
    if found.wrong:
        return "failed", found.wrong[0]
    told = f"{len(found.asked):,} questions, {found.splits:,} splits, {found.silent:,} nodes that ask nothing"
    if found.ended:
        return ("note" if found.asked or found.at_tool else "failed"), f"{told}; then {found.ended}"
    kind = type(subject.task).output_type
    if kind is not None and (trouble := _not_of(kind, found.output)):
        return "failed", f"{told}; the output {found.output!r} is not of output_type: {trouble}"
    return "ok", f"{told}; the output is {found.output!r}"


def _not_of(kind: Any, output: Any) -> str:
    """Why an output cannot be read as a type, or nothing."""
    validate = getattr(kind, "model_validate", None)  # a Pydantic model converts itself
    try:
        _ = validate(output) if validate is not None else msgspec.convert(output, kind)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        return str(error)
    return ""


def round_trip(subject: Subject) -> Finding:
    """Check that right replies are read as one candidate, and wrong ones as another or not at all."""
    known = [one for one in subject.walked.asked if one.answers is not None]
    for one in known:
        if isinstance(one.read, Flag):
            return "failed", f"a right reply to {one.prompt.user!r} is discarded as {one.read.name}: {one.read.detail}"
        trouble = _misread(subject, one)
        if trouble:
            return "failed", trouble
    return ("ok" if known else "note"), f"{len(known):,} prompts, with right and wrong replies"


def _misread(subject: Subject, one: Asked) -> str:
    """What is wrong with how replies to one question are read, or nothing."""
    task, read = subject.task, one.read
    assert one.answers is not None
    assert isinstance(read, str)
    flag = task.check(one.step, read)
    if flag is not None:
        return f"a right answer to {one.prompt.user!r} is flagged by check() as {flag.name}: {flag.detail}"
    for text in one.answers.wrong if len(one.answers.right) == 1 else ():
        if task.parse(one.step, text, subject.dialect) == read:
            return f"the wrong reply {text!r} to {one.prompt.user!r} is read like the right one, {read!r}"
    return ""


def garbage(subject: Subject) -> Finding:
    """Check that replies that make no sense are read without an error."""
    steps = [one.step for one in subject.walked.asked[:SAMPLED]]
    for step in steps:
        for text in GARBAGE:
            subject.task.parse(step, text, subject.dialect)
    return "ok", f"{len(GARBAGE)} senseless replies to {len(steps)} questions"


def purity(subject: Subject) -> Finding:
    """Check that a second walk through the plan asks the same, so that a killed run can be resumed."""
    first = subject.walked
    second = subject.walk()
    for one, other in zip(first.asked, second.asked, strict=False):
        if not alike(one, other):
            return "failed", f"asked twice, {one.prompt.user!r} becomes {other.prompt.user!r}"
    if len(first.asked) != len(second.asked) or not alike(first.output, second.output):
        return "failed", "a second walk with the same answers has another length or another output"
    return "ok", f"{len(first.asked):,} questions asked twice"


def fields(subject: Subject) -> Finding:
    """Check that no prompt shows a field of the task that its step does not read."""
    asked = subject.walked.asked[:SAMPLED]
    changed = 0
    for name, other in variations(subject.task):
        changed += 1
        for one in asked:
            if other.prompt(one.step, subject.dialect) != one.prompt:
                return "note", f"prompts depend on the option {name!r}: what a step needs belongs into its reads"
    return "ok", f"{len(asked)} prompts under {changed} other values of options"


def limits(subject: Subject) -> Finding:
    """Check that sampled steps can be asked, and that usual plans are not longer than the longest."""
    task = subject.task
    root = task.root()
    size, usual = task.size(root.goal, root.inputs), task.usual_steps(root.goal, root.inputs)
    if usual > size:
        return "failed", f"usual_steps() says {usual:,}, and size() allows only {size:,}"
    told = f"at most {size:,} steps, usually {usual:,}"
    asked = len(subject.walked.asked) - subject.walked.splits
    if asked > size:
        return "note", f"{told}, says size(), and {asked:,} were asked: forecasts and progress will be too low"
    prompts = set()
    for number in range(SAMPLED if subject.walked.asked else 0):
        try:
            step = task.sample_step(number)
        except NothingToAsk as error:
            return ("ok" if subject.k else "note"), f"{told}; {error}, or run it with --k N"
        if not alike(step, task.sample_step(number)):
            return "failed", f"sample_step({number}) is not the same when it is called again"
        prompt = task.prompt(step, subject.dialect)
        prompts.add(prompt.user)
        answers = subject.key(prompt)
        if answers is not None and isinstance(task.parse(step, answers.right[0], subject.dialect), Flag):
            return "failed", f"the right reply to sample_step({number}) is discarded"
    one = len(prompts) == 1 and len({one.prompt.user for one in subject.walked.asked}) > 1
    same = ", all of them one question: measure and pilots know that one only, as there is no sample_step()" * one
    return "ok", f"{told}; {SAMPLED if subject.walked.asked else 0} sampled steps{same}"


def whole(subject: Subject) -> Finding:
    """Check that a plan that is not split has the same output, as leaf length must not change the answer."""
    walked = subject.walked
    if not walked.splits or walked.ended:
        return "ok", "nothing is split" if not walked.splits else "the plan was not walked to its end"
    chain = subject.walk(split=False)
    if chain.ended or chain.wrong:
        why = chain.wrong[0] if chain.wrong else chain.ended
        return "failed", f"run as one chain the plan does not come to its end ({why}); {CHAINABLE}"
    if chain.output != walked.output:
        return "failed", f"split, the output is {walked.output!r}; as one chain it is {chain.output!r}; {CHAINABLE}"
    return "ok", "split or not, the output is the same"


def pictures(subject: Subject) -> Finding:
    """Check that states which a run visits can be drawn."""
    states = subject.walked.states[: 4 * SAMPLED]
    drawn = sum(subject.task.picture(state) is not None for state in states)
    return "ok", f"{drawn} of {len(states)} states drawn" if drawn else "no pictures"


def referee(subject: Subject) -> Finding:
    """Check that the referee accepts a plan of right answers and refuses one with a wrong answer in it."""
    if subject.referee is None:
        return "note", "there is no function verify(task, plan) beside the class: surefoot verify needs one"
    if subject.walked.ended:
        return "ok", "the plan was not walked to its end"
    steps, output = subject.walked.plan, subject.walked.output
    found = _judged(subject, steps, output)
    if not (found.valid and found.reached_goal):
        return "failed", f"verify() refuses a plan of right answers: {found.first_error or 'the goal is not reached'}"
    for number, one in enumerate(steps):
        other = next((two.candidate for two in steps if two.candidate != one.candidate), None)
        if other is not None:
            changed = [*steps[:number], msgspec.structs.replace(one, candidate=other), *steps[number + 1 :]]
            if _judged(subject, changed, output).valid:
                return "note", "verify() looks at the output only: a plan with a wrong step in it is valid to it"
            break
    return "ok", f"{found.steps:,} steps accepted, and a wrong one noticed"


class _Plan:
    """A finished plan, as a referee reads it."""

    def __init__(self, steps: list[Any], output: Any) -> None:
        self.steps, self.output = steps, output

    def __iter__(self) -> Iterator[Any]:
        return iter(self.steps)


def _judged(subject: Subject, steps: list[Any], output: Any) -> Any:
    """What the referee says of these steps and this output."""
    from surefoot.scripts.commands.verify import judged

    return judged(subject.referee, subject.task, _Plan(steps, output))


CHECKS: dict[str, Callable[[Subject], Finding]] = {
    "plan": plan,
    "prompt and parse": round_trip,
    "senseless replies": garbage,
    "purity": purity,
    "options": fields,
    "limits": limits,
    "split or not": whole,
    "pictures": pictures,
    "referee": referee,
}
"""All checks, in the order in which they are made."""
