"""Surefoot runs plans of very many language-model steps: decomposed, voted on, journalled, resumable.

::

    import surefoot

    run = surefoot.run("hanoi", disks=10)
    print(run.status, run.output[:3])

Names are imported when they are first used: importing this package imports nothing else.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surefoot.decompose.answer_keys.answers import Answers
    from surefoot.decompose.answer_keys.own_world import world_answers
    from surefoot.decompose.assumptions import Assumption, Evidence, Findings
    from surefoot.decompose.drawing import Drawing, Shape
    from surefoot.decompose.modular_planner.world_task import WorldTask
    from surefoot.decompose.outline import Chains, Outline
    from surefoot.decompose.plan import Child, Expansion, Failure, Literal, Node, PlanStep, Ref, failure_of
    from surefoot.decompose.problem import Problem
    from surefoot.decompose.referees.own_world import world_referee
    from surefoot.decompose.referees.verification import Verification
    from surefoot.decompose.step import Call, Dialect, Done, Flag, Prompt, Role, Step
    from surefoot.decompose.task import Task
    from surefoot.decompose.tasks.rows import RowTask
    from surefoot.decompose.typed.annotations import Money, Near, Number, Text
    from surefoot.runtime.api import ask, map, measure, open, resume, resume_async, run, run_async, runs, tune
    from surefoot.runtime.errors import (
        AccessLost,
        AwaitsReview,
        ConfigurationError,
        JournalError,
        ModelError,
        ModelRejected,
        ModelUnavailable,
        NothingReadable,
        PlanTooDeep,
        QuestionRefused,
        QuotaUsedUp,
        ResumeMismatch,
        RevisionsUsedUp,
        RunDirectoryError,
        RunFailed,
        RunPaused,
        SeamBroken,
        StepDeadlocked,
        SurefootError,
        ToolCallFailed,
        UserCodeError,
    )
    from surefoot.runtime.models.port import Model, Reply, Request, Stop
    from surefoot.runtime.session.run import Run
    from surefoot.runtime.session.watcher import ProgressEvent
    from surefoot.runtime.tools.contract import Tool

_PLACES = {
    "surefoot.decompose.answer_keys.answers": ("Answers",),
    "surefoot.decompose.answer_keys.own_world": ("world_answers",),
    "surefoot.decompose.modular_planner.world_task": ("WorldTask",),
    "surefoot.decompose.referees.own_world": ("world_referee",),
    "surefoot.decompose.assumptions": ("Assumption", "Evidence", "Findings"),
    "surefoot.decompose.drawing": ("Drawing", "Shape"),
    "surefoot.decompose.outline": ("Chains", "Outline"),
    "surefoot.decompose.plan": (
        "Child", "Expansion", "Failure", "Literal", "Node", "PlanStep", "Ref", "failure_of",
    ),
    "surefoot.decompose.problem": ("Problem",),
    "surefoot.decompose.referees.verification": ("Verification",),
    "surefoot.decompose.step": ("Call", "Dialect", "Done", "Flag", "Prompt", "Role", "Step"),
    "surefoot.decompose.task": ("Task",),
    "surefoot.decompose.tasks.rows": ("RowTask",),
    "surefoot.decompose.typed.annotations": ("Money", "Near", "Number", "Text"),
    "surefoot.runtime.api": (
        "ask", "map", "measure", "open", "resume", "resume_async", "run", "run_async", "runs", "tune",
    ),
    "surefoot.runtime.errors": (
        "AccessLost", "AwaitsReview", "ConfigurationError", "JournalError", "ModelError", "ModelRejected",
        "ModelUnavailable", "NothingReadable", "PlanTooDeep", "QuestionRefused", "QuotaUsedUp", "ResumeMismatch",
        "RevisionsUsedUp", "RunDirectoryError", "RunFailed", "RunPaused", "SeamBroken", "StepDeadlocked",
        "SurefootError", "ToolCallFailed", "UserCodeError",
    ),
    "surefoot.runtime.models.port": ("Model", "Reply", "Request", "Stop"),
    "surefoot.runtime.session.run": ("Run",),
    "surefoot.runtime.session.watcher": ("ProgressEvent",),
    "surefoot.runtime.tools.contract": ("Tool",),
}  # fmt: skip
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "AccessLost", "Answers", "Assumption", "AwaitsReview", "Call", "Chains", "Child", "ConfigurationError",
    "Dialect", "Done", "Drawing", "Evidence", "Expansion", "Failure", "Findings", "Flag", "JournalError", "Literal",
    "Model", "ModelError", "ModelRejected", "ModelUnavailable", "Money", "Near", "Node", "NothingReadable", "Number",
    "Outline", "PlanStep", "PlanTooDeep", "Problem", "ProgressEvent", "Prompt", "QuestionRefused", "QuotaUsedUp",
    "Ref", "Reply", "Request", "ResumeMismatch", "RevisionsUsedUp", "Role", "RowTask", "Run", "RunDirectoryError",
    "RunFailed", "RunPaused", "SeamBroken", "Shape", "Step", "StepDeadlocked", "Stop", "SurefootError", "Task",
    "Text", "Tool", "ToolCallFailed", "UserCodeError", "Verification", "WorldTask", "ask", "failure_of", "map",
    "measure", "open", "resume", "resume_async", "run", "run_async", "runs", "tune", "world_answers",
    "world_referee",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    place = _PLACE_OF.get(name)
    if place is None:
        raise AttributeError(f"module 'surefoot' has no attribute {name!r}")
    return getattr(importlib.import_module(place), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted({*globals(), *__all__})
