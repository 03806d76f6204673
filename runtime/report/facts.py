"""From what was gathered to what the page says: the certificate, the alarms, measured against predicted."""

import pathlib
from collections import Counter
from typing import Any

import msgspec

from decompose.task import Task
from runtime.config import RunConfig, open_task
from runtime.forecast.estimates import Estimate
from runtime.forecast.forecasting import has_seams
from runtime.journal.journal import open_journal
from runtime.leads import Leads
from runtime.plan_reader import PlanReader
from runtime.records import Counts
from runtime.report.gather import Doubt, Gathered, Place, gather
from runtime.report.playback import playback
from runtime.report.questions import Questions
from runtime.run_directory import Standing, read_config, standing
from runtime.worker import strategy_of
from voting.alarms import Kind
from voting.ballot import Ballot
from voting.certificate import Certificate, certify
from voting.red_flags import RedFlag, parse_switch
from voting.watch import Alarm

VIOLATING = (Kind.WAYS_TOGETHER, Kind.DRIFT)
"""Alarms of the whole run that contradict what the certificate takes for granted."""

WEAKEST = 10
"""Steps with the thinnest evidence that are listed."""


class Told(msgspec.Struct, frozen=True):
    """A step as the report shows it. All text is untrusted.

    Attributes:
        name: Where it stands: node, part, attempt and number.
        kind: Class of the question; empty if it could not be found again.
        question: The prompt the model saw.
        winner: The candidate that won.
        ballots: Each with its candidate, or the flag that spoiled it and why.
        raised: Alarms that this step raised, with their probability under independence.
        before: Ballots of lower rungs of the ladder, or fresh ones that repeat a refuted answer; as ``ballots``.
        way: Rung of the ladder that decided; empty for the first.
    """

    name: str
    kind: str
    question: str
    winner: str
    lead: int
    ballots: tuple[tuple[str, bool], ...]
    raised: tuple[str, ...] = ()
    before: tuple[tuple[str, bool], ...] = ()
    way: str = ""


class Facts(msgspec.Struct, frozen=True):
    """Everything that the page shows."""

    standing: Standing
    config: RunConfig
    counts: Counts
    gathered: Gathered
    certificate: Certificate
    alarms: tuple[Alarm, ...]
    watched: bool
    predicted: dict[str, float]
    suspects: list[Told]
    weakest: list[Told]
    film: dict[str, Any] | None


def facts_of(directory: pathlib.Path, confidence: float = 0.95) -> Facts:
    """Read a run directory.

    Args:
        directory: The run directory.
        confidence: Of the certificate.

    Raises:
        RunDirectoryError: Not a run directory.
        JournalError: The journal cannot be read.
    """
    config = read_config(directory)
    task = open_task(config)
    told = standing(directory)
    journal = open_journal(directory, write=False)
    try:
        found = gather(journal)
        leads = journal.meta("leads")
        pilot = journal.meta("pilot")
        chosen = msgspec.convert(leads, Leads) if leads else Leads(1, 1, 1)
        questions = Questions(journal, task, strategy_of(config, chosen), config.rule, config.segment_steps)
        alarms = tuple(msgspec.convert(one, Alarm) for one in journal.meta("alarms") or [])
        return Facts(
            standing=told,
            config=config,
            counts=journal.totals,
            gathered=found,
            certificate=_certificate(config, task, chosen, found, journal.totals, alarms, confidence),
            alarms=alarms,
            watched=journal.meta("looks") is not None,
            predicted=_predicted(journal.meta("forecast"), pilot),
            suspects=_tell(questions, config, found.suspects),
            weakest=_tell(questions, config, _thinnest(found)),
            film=_film(journal, task, config, chosen, told),
        )
    finally:
        journal.close()


def _certificate(
    config: RunConfig,
    task: Task,
    leads: Leads,
    found: Gathered,
    counts: Counts,
    alarms: tuple[Alarm, ...],
    confidence: float,
) -> Certificate:
    """Steps of chains that answer to a seam are bounded by their chain, all others by their ballots."""
    seams = has_seams(config, task)
    voted: dict[int, Counter[int]] = {}
    stated: dict[int, Counter[int]] = {}
    for (part, lead), lengths in found.standing.items():
        if not seams:
            voted.setdefault(lead, Counter()).update(lengths)
        elif part == "split":
            stated.setdefault(lead, Counter()).update(lengths)
    violations = []
    if counts.shared:
        violations.append(
            f"at {counts.shared} step{'s' * (counts.shared > 1)} fresh draws repeat a refuted answer: prompts mislead"
        )
    if counts.broken_promises:
        violations.append(f"{counts.broken_promises} decompositions that had won their race were refuted by a seam")
    violations += [f"{alarm.kind}: {alarm.detail}" for alarm in alarms if alarm.kind in VIOLATING]
    return certify(
        voted,
        chains=found.chains if seams else 0,
        chains_failed=found.retried if seams else 0,
        confidence=confidence,
        violations=tuple(violations),
        rules=dict(leads.sequential) | found.rules,
        stated=stated,
        one_way=task.one_way and parse_switch(config.red_flags) >= {RedFlag.ILLEGAL, RedFlag.INCONSISTENT},
    )


def _predicted(forecast: dict[str, float] | None, pilot: Any) -> dict[str, float]:
    """What the run was expected to need when it began; nothing if leads were asked for."""
    if forecast is None or not pilot:
        return {}
    known = msgspec.convert(pilot, Estimate)
    return forecast | {"p_error": known.p_error, "valid_rate": known.valid_rate}


def _thinnest(found: Gathered) -> list[Doubt]:
    """Decided steps whose winner is likeliest to be another: the smallest lead for the number of ballots."""

    def lead_of(doubt: Doubt) -> float:
        first, second = doubt.named[0][1], doubt.named[1][1] if len(doubt.named) > 1 else 0
        return (first - second) / (first + second)

    return sorted((d for d in found.suspects if d.dissent), key=lambda d: (lead_of(d), d.place))[:WEAKEST]


def _tell(questions: Questions, config: RunConfig, doubts: list[Doubt]) -> list[Told]:
    """Find the questions in journal order, which is quick, and keep the order given."""
    steps = {d.place: questions.find(d.place) for d in sorted(doubts, key=lambda d: d.place)}
    dialect = "compact" if config.dialect == "auto" else config.dialect
    told = []
    for doubt in doubts:
        step = steps[doubt.place]
        told.append(
            Told(
                name=_name(doubt.place),
                kind=step.kind if step else "",
                question=questions.task.prompt(step, dialect).user if step else "",
                winner=doubt.named[0][0] if doubt.named else "",
                lead=doubt.entry.k,
                ballots=_written(doubt.entry.ballots, doubt.entry.details),
                raised=tuple(f"{one.kind} ({one.p_value:.1g})" for one in doubt.entry.raised),
                before=_written(doubt.entry.before, doubt.entry.details[len(doubt.entry.ballots) :]),
                way=doubt.entry.way,
            )
        )
    return told


def _written(ballots: tuple[Ballot, ...], details: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    padded = (*details, *([""] * len(ballots)))
    return tuple(
        (b.candidate, False) if b.candidate is not None else (f"{b.spoiled_by} {detail}".strip(), True)
        for b, detail in zip(ballots, padded, strict=False)
    )


def _name(place: Place) -> str:
    node = ".".join(map(str, place.path)) or "root"
    attempt = f", attempt {place.attempt}" if place.attempt else ""
    return f"node {node}: {'decomposition' if place.part == 'split' else f'step {place.index}'}{attempt}"


def _film(journal: Any, task: Task, config: RunConfig, chosen: Leads, told: Standing) -> dict[str, Any] | None:
    if told.status != "solved":
        return None
    reader = PlanReader(journal, task, strategy_of(config, chosen), config.rule, config.segment_steps)
    return playback(task, reader.steps(), told.steps)
