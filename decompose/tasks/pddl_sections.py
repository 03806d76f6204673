"""The sections of a PDDL text, in any order, and what is refused by a section's name alone."""

import msgspec

from surefoot.decompose.tasks.pddl_forms import Form, Refused, forms
from surefoot.decompose.tasks.pddl_scope import name

REFUSED = {
    ":durative-action": "durative actions",
    ":constraints": "constraints on plans",
    ":process": "processes",
    ":event": "events",
    ":method": "methods of hierarchical planning",
    ":task": "tasks of hierarchical planning",
    ":htn": "hierarchical planning",
    ":goal-reward": "rewards",
}
"""Sections that are not supported, and what they are called."""

KNOWN = {
    "domain": (
        ":requirements", ":types", ":constants", ":predicates", ":functions", ":action", ":derived", ":metric",
    ),
    "problem": (":domain", ":requirements", ":objects", ":init", ":goal", ":metric", ":length"),
}  # fmt: skip
ONCE = (":goal", ":init", ":metric", ":domain")
NEEDED = {"domain": (":predicates", ":action"), "problem": (":init", ":goal")}


class Sections(msgspec.Struct, frozen=True):
    """The name of a PDDL text, and its sections.

    Attributes:
        name: Name of the domain or the problem.
        by_word: Sections by their first word, in the order of the text.
    """

    name: str
    by_word: dict[str, list[Form]]

    def all(self, word: str) -> list[Form]:
        """Return all sections of a kind."""
        return self.by_word.get(word, [])

    def one(self, word: str) -> Form | None:
        """Return the section of a kind that a text may have at most once."""
        return next(iter(self.all(word)), None)


def sections(kind: str, text: str) -> Sections:
    """Read the sections of a PDDL domain or problem.

    Raises:
        Refused: The text is not such, or has a section that is not known or not supported.
    """
    top = [form for form in forms(text) if isinstance(form, Form)]
    found = [form for form in top if form.head == "define" and _kind(form) == kind]
    if not found:
        raise Refused(1, f"this is not a {kind}: there is no (define ({kind} NAME) ...)")
    outside = next((form for form in top if found and form.head.startswith(":")), None)
    if outside is not None:
        raise Refused(outside.line, f"({outside.head} ...) stands outside of (define ...): a ')' too many before it")
    if len(found) > 1:
        raise Refused(found[1].line, f"there is a second {kind} in the text")
    header = found[0].parts[1]
    assert isinstance(header, Form)
    called = name(header.parts[1] if len(header.parts) == 2 else None, header.line, f"a {kind}")
    by_word: dict[str, list[Form]] = {}
    for part in found[0].parts[2:]:
        _add(kind, called, part, by_word, header.line)
    for word in NEEDED[kind]:
        if word not in by_word:
            raise Refused(header.line, f"{kind} {called} has no ({word} ...)")
    return Sections(called, by_word)


def _kind(form: Form) -> str:
    header = form.parts[1] if len(form.parts) > 1 else None
    return header.head if isinstance(header, Form) else ""


def _add(kind: str, called: str, part: "Form | str", by_word: dict[str, list[Form]], line: int) -> None:
    if not isinstance(part, Form):
        raise Refused(line, f"{part[:40]!r} stands outside all sections of {kind} {called}")
    if part.head in REFUSED:
        raise Refused(part.line, f"{REFUSED[part.head]} ({part.head}) are not supported")
    if part.head not in KNOWN[kind]:
        raise Refused(part.line, f"section ({part.head or '...'} ...) is not known in a {kind}")
    if part.head in ONCE and part.head in by_word:
        raise Refused(part.line, f"there is a second section ({part.head} ...)")
    by_word.setdefault(part.head, []).append(part)
