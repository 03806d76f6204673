"""From what was gathered to what the page says: the certificate, the alarms, measured against predicted."""

import pathlib
from typing import Any

import msgspec

from surefoot.decompose.division import Division
from surefoot.decompose.plan import node_name
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.decomposition_methods import is_loaded, method_of
from surefoot.runtime.forecast.basis import has_seams, leaves_one_way
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Estimate
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.journalled_plan import JournalledPlan, journalled_plan
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.journal.run_directory import Standing, read_config, standing
from surefoot.runtime.journal.task_shape import RecordedTask, task_without_code, unsplit
from surefoot.runtime.kept_step import KeptReply
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Counts
from surefoot.runtime.report.gather import Gathered, gather
from surefoot.runtime.report.journal_steps import kept_of
from surefoot.runtime.report.playback import playback
from surefoot.runtime.report.questions import Questions
from surefoot.runtime.report.races_by_rule import races_by_rule
from surefoot.runtime.report.suspicious_steps import Place, SuspiciousStep
from surefoot.runtime.voting_rules import loaded_rule
from surefoot.voting.alarms import Kind
from surefoot.voting.ballot import Ballot
from surefoot.voting.certificate import RIVALS, Certificate, Evidence, certify
from surefoot.voting.sequential_tests import Alarm

VIOLATING = (Kind.WAYS_TOGETHER, Kind.DRIFT)
"""Alarms of the whole run that contradict what the certificate takes for granted."""


BY_ROW = ("calls", "tokens_in", "tokens_out")
"""What a forecast counts, which for a table is that of one row."""


class ReportedStep(msgspec.Struct, frozen=True):
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
        guard: What else speaks for the verdict than its ballots; empty if nothing does.
        replies: Those that the run kept of the step, in the order drawn.
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
    guard: str = ""
    replies: tuple[KeptReply, ...] = ()


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
    suspects: list[ReportedStep]
    weakest: list[ReportedStep]
    film: dict[str, Any] | None
    division: Division | None = None


def facts_of(directory: pathlib.Path, confidence: float = 0.95) -> Facts:
    """Read a run directory and gather what its report shows.

    Args:
        directory: The run directory.
        confidence: Of the certificate.

    Raises:
        RunDirectoryError: Not a run directory.
        JournalError: The journal cannot be read.
    """
    config = read_config(directory)
    told = standing(directory)
    journal = open_journal(directory, write=False)
    try:
        task = task_without_code(journal, config)
        named = config
        if not is_loaded(config.strategy):
            # The method says how the plan was split, and its code is not run here: nothing is claimed of seams.
            config, task = msgspec.structs.replace(config, strategy="chain"), unsplit(journal, config)
        found = gather(journal)
        pilot = read_meta(journal, "pilot", Estimate)
        chosen = read_meta(journal, "leads", Leads) or Leads(1, 1, 1)
        plan = journalled_plan(journal, config, task)
        alarms = read_meta(journal, "alarms", tuple[Alarm, ...]) or ()
        return Facts(
            standing=told,
            config=named,
            counts=journal.totals,
            gathered=found,
            certificate=certify(_evidence(config, task, chosen, found, journal, alarms, told), confidence, RIVALS),
            alarms=alarms,
            watched=journal.meta("looks") is not None,
            predicted=_predicted(journal, pilot, told),
            suspects=_report_steps(plan, config, found.suspects),
            weakest=_report_steps(plan, config, found.weakest, stand=True),
            film=_film(plan, told),
            division=task.who_says(),
        )
    finally:
        journal.close()


def _evidence(
    config: RunConfig,
    task: Task,
    leads: Leads,
    found: Gathered,
    journal: JournalReader,
    alarms: tuple[Alarm, ...],
    told: Standing,
) -> Evidence:
    """Steps of chains that answer to a seam are bounded by their chain, all others by their ballots."""
    seams, counts = has_seams(config, task), journal.totals
    one_way = leaves_one_way(config, task)
    linked = one_way and (seams or method_of(config.strategy, 0).in_order) and not journal.meta("changes")
    voted = {} if seams else races_by_rule(found, found.standing)
    stated = races_by_rule(found, (key for key in found.standing if key[0] == "split")) if seams else {}
    violations = []
    if counts.shared:
        violations.append(
            f"at {counts.shared} step{'s' * (counts.shared > 1)} fresh draws repeat a refuted answer: prompts mislead"
        )
    if counts.broken_promises:
        violations.append(f"{counts.broken_promises} decompositions that had won their race were refuted by a seam")
    violations += [f"{alarm.kind}: {alarm.detail}" for alarm in alarms if alarm.kind in VIOLATING]
    if told.status == "failed" and not found.given_up:
        violations.append(f"every step had a verdict, and yet the plan failed: a step is wrong ({told.message[:200]})")
    leads_seen = {group for group in (*voted, *stated) if isinstance(group, int)}
    plain = {lead: rule for lead in leads_seen if (rule := loaded_rule(config.rule, lead)) is not None}
    if len(plain) < len(leads_seen):
        violations.append(
            f"races were decided by {config.rule}, whose code is not looked at here: they are not weighed"
        )
    rules = plain | dict(leads.sequential)
    return Evidence(
        races=voted,
        stated=stated,
        rules=rules,
        chains=found.chains if seams else 0,
        chains_failed=found.retried if seams else 0,
        one_way=one_way,
        violations=tuple(violations),
        proof=_proof(task, told) if linked else "",
    )


def _proof(task: Task, told: Standing) -> str:
    """Why the end of a plan whose steps all passed their checks shows that none is wrong; nothing if it does not."""
    root = task.root()
    most = task.size(root.goal, root.inputs)
    if told.status != "solved" or root.promise is None or told.steps > most:
        return ""
    return (
        f"every step passed its checks, and the plan ends in its goal after {told.steps:,} steps: only the right plan "
        f"gets there within {most:,}"
    )


def _predicted(journal: JournalReader, known: Estimate | None, told: Standing) -> dict[str, float]:
    """What the run was expected to need when it began; nothing if leads were asked for."""
    forecast = read_meta(journal, "forecast", dict[str, float])
    if forecast is None or known is None:
        return {}
    if told.task == "map":  # leads of a table are chosen for one row
        forecast = forecast | {name: forecast[name] * told.total_steps for name in BY_ROW if name in forecast}
    took = {} if known.measured else _pilot_took(known, told.pilot_calls)
    if took and (tokens := read_meta(journal, "pilot_tokens", tuple[int, int])) is not None:
        took |= {"pilot_tokens_in": tokens[0], "pilot_tokens_out": tokens[1]}
    return forecast | {"p_error": known.p_error, "valid_rate": known.valid_rate} | took


def _pilot_took(pilot: Estimate, calls: int) -> dict[str, float]:
    """Calls and tokens of the pilot itself, which a forecast leaves out; by means, as old journals say no more."""
    if (seen := pilot.looks) is not None:
        took = {"tokens_in": seen.fresh * seen.tokens_in, "tokens_out": seen.fresh * seen.tokens_out}
        took |= {"looks": seen.looks, "fresh_looks": seen.fresh, "calls": calls}
        return {f"pilot_{name}": value for name, value in took.items()}
    return {
        "pilot_calls": calls,
        "pilot_tokens_in": sum(kind.prompt_tokens * kind.answers for kind in pilot.kinds) / PILOT_DRAWS,
        "pilot_tokens_out": sum(kind.reply_tokens * kind.answers for kind in pilot.kinds),
    }


def _report_steps(
    plan: JournalledPlan, config: RunConfig, suspicious: list[SuspiciousStep], *, stand: bool = False
) -> list[ReportedStep]:
    """Find the questions in journal order, which is quick, and keep the order given; ``stand`` if all of them do."""
    # The questions of a user's task are in the task's code, which is not run here.
    questions, known = Questions(plan), not isinstance(plan.task, RecordedTask | RowTask)
    steps = {d.place: questions.find(d.place) if known else None for d in sorted(suspicious, key=lambda d: d.place)}
    dialect = dialect_of(config)
    kept = kept_of(plan.journal, {one.segment for one in suspicious})
    guarded = stand and has_seams(config, plan.task)
    chunk = (read_meta(plan.journal, "table", dict) or {}).get("chunk", 0)
    told = []
    for one in suspicious:
        step, place = steps[one.place], one.place
        texts = kept.get((place.path, place.attempt, place.index))
        told.append(
            ReportedStep(
                name=_name(one.place, chunk),
                kind=step.kind if step else texts.kind if texts else "",
                question=plan.task.prompt(step, dialect).user if step else texts.user if texts else "",
                replies=texts.replies if texts else (),
                winner=one.named[0][0] if one.named else "",
                lead=one.entry.k,
                ballots=_written(one.entry.ballots, one.entry.details),
                raised=tuple(f"{alarm.kind} ({alarm.p_value:.1g})" for alarm in one.entry.raised),
                before=_written(one.entry.before, one.entry.details[len(one.entry.ballots) :]),
                way="" if place.part == "undecided" else one.entry.way,
                guard=_guard(one.place) if guarded else "",
            )
        )
    return told


def _written(ballots: tuple[Ballot, ...], details: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    padded = (*details, *([""] * len(ballots)))
    return tuple(
        (b.candidate, False) if b.candidate is not None else (f"{b.spoiled_by} {detail}".strip(), True)
        for b, detail in zip(ballots, padded, strict=False)
    )


def _guard(place: Place) -> str:
    """What a seam says of a step."""
    if place.part == "split":
        return "kept by what was run below it"
    return "its chain returned its promise" if place.path else ""


def _name(place: Place, chunk: int) -> str:
    """Where a step stands, for people; a row by its number in the table, whose chunks have so many rows."""
    if place.part == "rows":
        return f"row {place.path[0] * chunk + place.index:,}"
    node = node_name(place.path)
    attempt = f", attempt {place.attempt}" if place.attempt else ""
    return f"node {node}: {_what(place)}{attempt}"


def _what(place: Place) -> str:
    if place.part == "split":
        return "decomposition"
    return f"{'undecided ' if place.part == 'undecided' else ''}step {place.index}"


def _film(plan: JournalledPlan, told: Standing) -> dict[str, Any] | None:
    if told.status != "solved" or isinstance(plan.task, RecordedTask | RowTask):
        return None
    return playback(plan.task, PlanReader(plan).steps(), told.steps)
