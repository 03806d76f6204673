"""What a certificate says in plain sentences: what is known, and what would make it stronger."""

import msgspec

from surefoot.runtime.report.number_text import percent, short
from surefoot.voting.certificate import Certificate

NO_BOUND = 0.95
"""Bounds from here on say next to nothing."""


TINY = 1e-4
"""A chance below this is said to be less, as no sentence holds powers of ten."""


class CertificateText(msgspec.Struct, frozen=True):
    """A certificate in sentences for people to read.

    Attributes:
        headline: A few words.
        known: What is known, in one sentence.
        stronger: What would make it stronger; empty if nothing would.
        good: Whether the headline is good news.
    """

    headline: str
    known: str
    stronger: str = ""
    good: bool = False


def certificate_text(found: Certificate, *, finished: bool, unit: str = "step", by_person: int = 0) -> CertificateText:
    """Return what a certificate says.

    Args:
        found: The certificate.
        finished: Whether the plan is complete; else what is said holds as far as it goes.
        unit: What was voted on: ``step``, or ``row`` for a table.
        by_person: Steps that a person decided, which no bound is about.
    """
    text = _text(found, "the plan" if unit == "step" else "the table", unit, finished)
    if not by_person:
        return text
    verb = "was" if by_person == 1 else "were"
    apart = f" {by_person:,} {unit}{'s' * (by_person > 1)} {verb} decided by a person and taken as right."
    return msgspec.structs.replace(text, known=text.known + apart)


def _text(found: Certificate, whole: str, unit: str, finished: bool) -> CertificateText:
    decided = sum(one.steps for one in (*found.voted, *found.stated)) + (found.seams.steps if found.seams else 0)
    so_far = "" if finished else ", as far as it goes,"
    if found.proof:
        return CertificateText(f"no wrong {unit}", f"This is proven: {found.proof}.", good=True)
    if found.violations:
        return CertificateText(
            "no bound",
            f"No bound can be given for {whole}, because its assumptions were violated: {found.violations[0]}.",
            f"Look at the suspicious {unit}s, and run again with another model or other prompts.",
        )
    if not decided:
        return CertificateText("nothing voted on", f"No {unit} was decided by votes, so there is nothing to bound.")
    sure = percent(found.confidence)
    if found.bound >= NO_BOUND:
        return CertificateText(
            "no useful bound",
            f"Nothing contradicts the answers, but so few votes a {unit} cannot rule out that {whole}{so_far} has a "
            f"wrong {unit}{_best(found, unit)}.",
            _stronger(found, unit),
        )
    return CertificateText(
        f"any wrong {unit}: at most {percent(found.bound, at_most=True)}",
        f"With {sure} confidence, the chance that {whole}{so_far} has any wrong {unit} is at most "
        f"{percent(found.bound, at_most=True)}{_best(found, unit)}.",
        _stronger(found, unit),
        good=found.bound <= 1 - found.confidence,
    )


def _best(found: Certificate, unit: str) -> str:
    """What the rates that fit best come to, where that says anything."""
    if unit == "row":
        wrong, rows = sum(one.expected for one in found.voted), sum(one.steps for one in found.voted)
        return f"; at the rates that fit best about {short(round(wrong, 2))} of {rows:,} rows are wrong"
    if found.estimate >= NO_BOUND:
        return ""
    chance = percent(found.estimate) if not 0 < found.estimate < TINY else f"less than {percent(TINY)}"
    return f"; the rates that fit best give a chance of {chance}"


def _stronger(found: Certificate, unit: str) -> str:
    """What would make a certificate stronger, as a sentence."""
    if found.bound <= 1 - found.confidence:
        return ""
    if unit == "row":
        return "More votes a row: a --row-target nearer to 1, or a larger --k."
    return f"{found.needed}." if found.needed else "A larger lead (--k), or seams that check parts of the plan, would."
