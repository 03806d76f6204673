"""Right and plausible wrong replies to every kind of question that methods ask about generated problems.

Everything is read from the prompt's text: the kind from its first line, which is the instruction of one of the methods'
wordings, the facts from its labelled lines. For the simulated model and for measuring. Nothing that decides imports it.
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.problem_cells import cell, cell_alone
from surefoot.decompose.answer_keys.problem_contractions import contracted
from surefoot.decompose.answer_keys.problem_parts import filled, halves_of, parts_of, work_of
from surefoot.decompose.methods.asking import Asking
from surefoot.decompose.methods.rewoo import PLANS
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.methods.thread import ROOT
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.problems import bridges, expressions, ledger
from surefoot.decompose.tasks.problems.expressions import MODULUS

ABLE = 2
"""Operations that a question may take at most, for a model to answer it in one step."""
UNLIKELY = 1_000_000
"""Numbers above this stand for variables: no question has them."""
_LABEL = re.compile(r"^([A-Z][a-z]+(?: [0-9]+)?): ?(.*)$")


class Told(msgspec.Struct, frozen=True):
    """What a prompt tells: the kind of question, the question, and labelled texts before it, in order."""

    kind: str
    question: str
    shown: tuple[tuple[str, str], ...] = ()

    def all(self, label: str) -> tuple[str, ...]:
        """Return the texts with a label."""
        return tuple(text for name, text in self.shown if name == label)


@functools.cache
def _kinds() -> dict[str, str]:
    """Kinds of question by instruction, over all methods."""
    methods = [make(0) for make in METHODS.values()]
    wordings = [method.wordings for method in methods if isinstance(method, Asking)]
    return {wording.instruction: kind for found in wordings for kind, wording in found.items()}


def told_by(prompt: Prompt) -> Told:
    """Return what a prompt tells.

    Raises:
        ValueError: It is no prompt of a method.
    """
    instruction, *lines = prompt.user.split("\n")
    if instruction not in _kinds():
        raise ValueError(f"not a question of a method: {instruction[:100]}")
    shown: list[list[str]] = []
    # The last paragraph is about the form of the reply.
    for line in lines[1 : max(number for number, line in enumerate(lines) if not line)]:
        found = _LABEL.match(line)
        if found is not None:
            shown.append([found[1], found[2]])
        elif shown:
            shown[-1][1] += f"\n{line}"
    question = next((text for label, text in reversed(shown) if label == "Question"), "")
    return Told(_kinds()[instruction], question, tuple((a, b) for a, b in shown if a != "Question"))


def answers(prompt: Prompt) -> Answers:
    """Return the replies to a prompt.

    Raises:
        ValueError: It is no question about a generated problem.
    """
    told = told_by(prompt)
    return KINDS[told.kind](told)


def _answer(told: Told) -> Answers:
    context = "\n".join(told.all("Context"))
    right = answer_of(told.question, context)
    found = _lines("Answer", right, slips(told.question, right), work_of(told.question, context))
    asked, said = (dict(enumerate(told.all(label))) for label in ("Asked", "Found"))
    return found if not said else msgspec.structs.replace(found, wrong_shown=_wrong_share(asked, said))


def _thought(told: Told) -> Answers:
    found = _answer(told)
    steps = "\n".join(f"{number}. {part}" for number, part in enumerate(parts_of(told.question), start=1))
    return Answers(
        tuple(f"{steps}\n{text}" for text in found.right), tuple(f"{steps}\n{text}" for text in found.wrong), found.work
    )


def _follow_up(told: Told) -> Answers:
    parts, known = parts_of(told.question), told.all("Found")
    if len(known) >= max(1, len(parts)):
        return _lines("Answer", known[-1], slips(told.question, known[-1]))
    if not parts:
        return _lines("Follow up", told.question, ["What is 1 + 1?"])
    # Earlier sub-questions that were asked wrongly have answers all the same, and the next one builds on them.
    following = filled(parts[len(known)], known)
    return _lines("Follow up", following, mistaken(following))


def _follow_up_or_tool(told: Told) -> Answers:
    """The same as a use of the calculator, where the next part is arithmetic."""
    plain = _follow_up(told)

    def used(reply: str) -> str:
        kind, _, text = reply.partition(": ")
        found = expression_of(text) if kind == "Follow up" else None
        return f"Use: calc[{found}]" if found else reply

    return Answers(tuple(map(used, plain.right)), tuple(map(used, plain.wrong)), plain.work)


def _plan(told: Told) -> Answers:
    """A line for each part; the calculator where the prompt lists it. Wrong plans differ from each other."""
    parts = parts_of(told.question) or (told.question,)
    calculates = any("calc[" in text for text in told.all("Tools"))
    plans = [parts]
    # Not the last line only: mistakes anywhere in a plan, and no two plans alike.
    for number in range(len(parts) - 1, max(-1, len(parts) - 6), -1):
        plans += [(*parts[:number], slip, *parts[number + 1 :]) for slip in mistaken(parts[number])]
    right, *wrong = ["\n".join(_line(at, part, calculates) for at, part in enumerate(one, start=1)) for one in plans]
    return Answers((right,), tuple(wrong))


def _line(number: int, part: str, calculates: bool) -> str:
    named = re.sub(r"#(\d+)", r"#E\1", part)
    found = expression_of(part) if calculates else None
    return f"#E{number} = Ask[{named}]" if found is None else f"#E{number} = calc[{re.sub('#', '#E', found)}]"


def _solve(told: Told) -> Answers:
    """What the last line found: nothing else is known of the answer."""
    known = told.all("Found")
    return _lines("Answer", known[-1], slips(told.question, known[-1]))


def _split(told: Told) -> Answers:
    return _numbered(parts_of(told.question))


def _split_once(told: Told) -> Answers:
    return _numbered(halves_of(told.question) or (told.question,))


def _numbered(parts: tuple[str, ...]) -> Answers:
    """Sub-questions a line each; wrong ones ask one of them otherwise."""
    if not parts:
        return Answers(("Sub-questions: none",), ("1. What is 1 + 1?",))
    wrong = [(*parts[:-1], slip) for slip in mistaken(parts[-1])] + [(slip, *parts[1:]) for slip in mistaken(parts[0])]
    others = [one for one in dict.fromkeys(wrong) if len(set(one)) == len(one)] or [("What is 1 + 1?",)]
    right, *wrongs = ["\n".join(f"{n}. {text}" for n, text in enumerate(one, start=1)) for one in (parts, *others)]
    return Answers((right,), tuple(wrongs))


def _solve_parts(told: Told) -> Answers:
    """The answer to the last sub-question, each filled in with the answers before it."""
    known: tuple[str, ...] = ()
    asked = [text for label, text in told.shown if label.startswith("Part ")]
    for part in asked:
        known = (*known, answer_of(filled(part, known)))
    return _lines("Answer", known[-1], slips(told.question, known[-1]), max(1, len(asked)))


def _try(told: Told) -> Answers:
    """The answer where it takes one or two operations; else that it cannot be answered in one step."""
    context = "\n".join(told.all("Context"))
    if work_of(told.question, context) <= ABLE:
        return _answer(told)
    return _lines("Answer", "cannot", slips(told.question, answer_of(told.question, context)))


def _subtask(told: Told) -> Answers:
    """The next subtask of the open task, with what was found in it; or its conclusion."""
    texts = {label: dict(text.split(" ", 1) for text in told.all(label)) for label in ("Thought", "Concluded")}
    at = told.all("Open")[-1]
    task = texts["Thought"].get(at, told.question)
    below = [text for name, text in texts["Concluded"].items() if name.rpartition(".")[0] == at.replace(ROOT, "")]
    parts = halves_of(task) if expressions.read(task) is not None else parts_of(task)
    swayed = _wrong_share(texts["Thought"], texts["Concluded"])
    if len(below) < len(parts):
        following = filled(parts[len(below)], tuple(below))
        found = _lines("Subtask", following, mistaken(following))
    else:
        context = "\n".join(told.all("Context"))
        right = below[-1] if parts else answer_of(task, context)
        found = _lines("Conclusion", right, slips(task, right), 1.0 if parts else work_of(task, context))
    return msgspec.structs.replace(found, wrong_shown=swayed)


def _subtask_or_tool(told: Told) -> Answers:
    """The same as a use of the calculator, where the next subtask is arithmetic that it takes."""
    plain = _subtask(told)

    def used(reply: str) -> str:
        kind, _, text = reply.partition(": ")
        found = expression_of(text) if kind == "Subtask" and not halves_of(text) else None
        return f"Use: calc[{found}]" if found else reply

    return Answers(tuple(map(used, plain.right)), tuple(map(used, plain.wrong)), plain.work, plain.wrong_shown)


def _wrong_share(asked: Mapping[Any, str], found: Mapping[Any, str]) -> float:
    """The share of answers that are wrong among those whose question can be read."""
    right = [(answered(asked[name]), text) for name, text in found.items() if name in asked]
    known = [one == text for one, text in right if one is not None]
    return known.count(False) / len(known) if known else 0.0


def _shape(told: Told) -> Answers:
    """Parts, and the longest path through them; all of them can be stated beforehand, unless it is a search."""
    bridge = bridges.read(told.question)
    if bridge is not None:
        steps = len(bridge[0]) // 2
        return Answers((f"Shape: {steps} {steps} no",), (f"Shape: {steps} 1 yes", f"Shape: {steps * 4} {steps} no"))
    depths = [0]
    for part in parts_of(told.question):
        depths.append(1 + max((depths[int(number)] for number in re.findall(r"#(\d+)", part)), default=0))
    parts, depth = max(1, len(depths) - 1), max(1, *depths)
    wrong = (f"Shape: {parts * 4} {depth} yes", f"Shape: {parts} 1 no", f"Shape: {parts * 8} {depth * 2} no")
    return Answers((f"Shape: {parts} {depth} yes",), wrong)


def _evidence(told: Told) -> Answers:
    """Nothing is missing: parts are answered from the answers to their own parts alone."""
    names = [text.split()[0] for text in told.all("Concluded")]
    return Answers(("Missing: none",), tuple(f"Missing: {name}" for name in names[:1]) or ("Missing: 9",))


def _abstract_plan(told: Told) -> Answers:
    """The plan of a question of the form, with the variables in the places of its numbers."""
    named = {f"{UNLIKELY + int(number)}": f"v{number}" for number in re.findall(r"\bv(\d+)\b", told.question)}
    question = re.sub(r"\bmod v\d+\b", f"mod {MODULUS}", told.question)
    question = re.sub(r"\bv(\d+)\b", lambda found: str(UNLIKELY + int(found[1])), question)
    plain = _plan(msgspec.structs.replace(told, question=question))

    def variables(text: str) -> str:
        return re.sub(r"\d{7}", lambda found: named.get(found[0], found[0]), text)

    return Answers(tuple(map(variables, plain.right)), tuple(map(variables, plain.wrong)))


def _contract(told: Told) -> Answers:
    found = dict(zip(told.all("Asked"), told.all("Found"), strict=True))
    right = contracted(told.question, found)
    wrong = [slip for slip in mistaken(right) if answered(slip) != answered(told.question)]
    return _lines("Question", right, [*wrong, "What is 1 + 1?"])


def _judge(told: Told) -> Answers:
    first, second = told.all("First") + told.all("Second")
    same = answered(first) == answered(second)
    return _lines("Answer", "yes" if same else "no", ["no" if same else "yes"])


@functools.lru_cache(maxsize=2**12)
def answered(question: str) -> str | None:
    """Return the answer to a question, or ``None`` where it is no question of a family any more."""
    try:
        return answer_of(question)
    except ValueError:
        return None


def _cell(told: Told) -> Answers:
    return cell(told.question, int((told.all("Levels") or ("1",))[0]))


def _cell_alone(told: Told) -> Answers:
    return cell_alone(told.question, told.all("Gave")) or _answer(told)


def expression_of(part: str) -> str | None:
    """Return a sub-question as an expression that a calculator takes, or ``None`` where it is no arithmetic."""
    found = re.fullmatch(r"What is ([^a-z]+?)( mod 97)?\?", part)
    if found is None:
        return None
    return f"({found[1]}) % {MODULUS}" if found[2] else found[1]


def mistaken(part: str) -> list[str]:
    """Return sub-questions like one that ask for something else: another operator, another number."""
    swapped = {" + ": " * ", " * ": " + ", " and ": " or ", " or ": " and ", " xor ": " or "}
    operator = next((one for one in swapped if one in part), None)
    others = [part.replace(operator, swapped[operator], 1)] if operator else []
    found = re.search(r"(?<![#\w])(?<!mod )\d+", part)  # modulo anything else nobody knows the answer
    return [*others, *([f"{part[: found.start()]}{int(found[0]) + 1}{part[found.end() :]}"] if found else [])]


def slips(question: str, right: str) -> list[str]:
    """Return wrong answers that a model could plausibly give."""
    if right in ("true", "false"):
        return ["false" if right == "true" else "true"]
    if ledger.read_users(question) is not None:
        users = [] if right == "none" else right.split(", ")
        return [", ".join(users[:-1]) or "7", ", ".join([*users, "999999"])]
    step = bridges.read_step(question)
    if step is not None:  # back to what was seen, or one step back too early
        graph, seen, at = step
        return [bridges.BACK, *(other for other in graph.get(at, ()) if other in seen)]
    found = bridges.read(question)
    if found is not None:
        return [place for place in found[2] if place != right]
    value = int(right)
    return [str(value + 1), str(value - 1 if value else value + 2), str((value * 3 + 7) % MODULUS + MODULUS)]


def _lines(label: str, right: str, wrong: list[str], work: float = 1.0) -> Answers:
    others = tuple(f"{label}: {text}" for text in dict.fromkeys(wrong) if text != right)
    return Answers((f"{label}: {right}",), others, work)


KINDS: Final[Mapping[str, Callable[[Told], Answers]]] = {
    "answer": _answer,
    "part": _answer,
    "thought": _thought,
    "follow-up": _follow_up,
    "follow-up or tool": _follow_up_or_tool,
    **dict.fromkeys(PLANS, _plan),
    "solve": _solve,
    "split": _split,
    "cell": _cell,
    "cell alone": _cell_alone,
    "dependencies": _split,
    "contract": _contract,
    "judge": _judge,
    "sub": _answer,
    "split once": _split_once,
    "solve parts": _solve_parts,
    "try": _try,
    "subtask": _subtask,
    "subtask or tool": _subtask_or_tool,
    "evidence": _evidence,
    "shape": _shape,
    "attempt": _answer,
    "abstract plan": _abstract_plan,
}
"""What is said to each kind of question."""
