"""Makes the tool calls that chains ask for: the result is journalled before anything uses it.

A call of a tool that may be repeated is made again after a crash. For a once-only tool the intent is durable before the
call is made; a call whose intent the journal holds without a result was perhaps made: the tool is asked whether it
happened, and one that cannot tell pauses the run with one line.
"""

import hashlib
from typing import Annotated

import msgspec

from surefoot.decompose.plan import Failure, Node, as_output, node_name
from surefoot.decompose.step import Call
from surefoot.decompose.task import Task
from surefoot.runtime.errors import ConfigurationError, RunPaused, ToolCallFailed
from surefoot.runtime.execution.work import Work
from surefoot.runtime.records import TOOL, Record
from surefoot.runtime.tools.calling import call_tool, look_back
from surefoot.runtime.tools.contract import FailureKind, LookBack, Tool, ToolFailed, ToolResult
from surefoot.runtime.tools.named import WITHOUT_PLACE, tool_named
from surefoot.runtime.untrusted import tame

TIMEOUT_S = 60.0
"""Longest time of one call of a plain function that a task names as a tool, in seconds."""


SHOWN_ARGUMENTS = 300
"""Characters of a call's arguments that are kept for people."""


class _Passage(msgspec.Struct, frozen=True):
    text: str


class _Candidates(msgspec.Struct, frozen=True):
    """What of a ranked tool's result is looked at."""

    passages: list[_Passage]
    limit: Annotated[int, msgspec.Meta(ge=1)] = 5


class ToolCaller:
    """Calls the tools of one task.

    Args:
        task: Names its tools.
        work: The segment that the calls belong to.
        unsafe_local: Whether cells of Python are run without isolation where this machine offers none.

    Raises:
        ConfigurationError: Two tools have one name, or something is not a tool.
    """

    def __init__(self, task: Task, work: Work, unsafe_local: bool = False) -> None:
        self._work, self._unsafe_local = work, unsafe_local
        self._made: dict[str, str] = {}
        self._tools = {name: as_tool(name, given, unsafe_local) for name, given in task.tools().items()}

    async def call(self, node: Node, attempt: int, index: int, call: Call) -> str:
        """Return the result of a call as the journal keeps it.

        A chain that is run again, because it did not return its promise, makes no once-only call a second time: it
        gets the result of the first.

        Args:
            node: The node that asks.
            attempt: Number of the run of its chain.
            index: Number of the call within the chain.
            call: The tool and its arguments.

        Raises:
            ConfigurationError: The task has no such tool.
            ToolCallFailed: The call failed, and its failure is not a result.
            RunPaused: Nobody can tell whether a once-only call happened before a crash.
        """
        if call.tool in WITHOUT_PLACE and call.tool not in self._tools:  # what needs no file is there for every task
            self._tools[call.tool] = tool_named(call.tool, unsafe_local=self._unsafe_local)
        tool = self._tools.get(call.tool)
        if tool is None:
            there = ", ".join(self._tools) or "none"
            raise ConfigurationError(f"node {node_name(node.path)} calls the tool {call.tool!r}; the task has {there}")
        key = call_key(node, index, call)
        known = None if tool.repeatable else self._known(node, key)
        if known is not None:
            return known
        async with self._work.under_way():
            if tool.repeatable:
                given = await call_tool(tool, call.arguments, key=key)
                if tool.ranked and isinstance(given, ToolResult):
                    given = await self._ranked(given, str(call.arguments.get("query", "")))
            else:
                given = await self._once(tool, call, key, Record(node.path, "intent", attempt, index, 0, (key,)))
        self._work.counts.tool_calls += 1
        self._work.buffer.add(named_call(node, attempt, index, call))
        text = self._kept(node, call, given)
        if not tool.repeatable:
            self._made[key] = text
        return text

    async def _ranked(self, given: ToolResult, query: str) -> ToolResult | ToolFailed:
        """What a search found, the most relevant first by the run's model, and no more than were wanted."""
        try:
            found = msgspec.convert(given.value, _Candidates)
        except msgspec.ValidationError as error:  # a tool of somebody's own
            detail = f"a ranked tool returns passages with a text, and a limit: {error}"
            return ToolFailed(given.tool, FailureKind.CRASHED, tame(detail), given.attempts)
        scores = await self._work.steps.scores().relevance(query, [one.text for one in found.passages])
        order = sorted(range(len(scores)), key=lambda number: (-scores[number], number))[: found.limit]
        passages = given.value["passages"]
        best = [{**passages[number], "relevance": round(scores[number], 4)} for number in order]
        kept = {name: value for name, value in given.value.items() if name != "limit"}
        return msgspec.structs.replace(given, value={**kept, "passages": best})

    def _known(self, node: Node, key: str) -> str | None:
        """The result of a once-only call that an earlier run of the chain made, in this session or before."""
        if key in self._made or key not in self._work.intents:
            return self._made.get(key)
        attempt, index = self._work.intents[key]
        entries = self._work.journalled.get((node.path, "run", attempt), [])
        return str(entries[index]) if index < len(entries) else None

    def _kept(self, node: Node, call: Call, given: ToolResult | ToolFailed) -> str:
        """What a call gave as the journal keeps it, where a failure may be a result."""
        if isinstance(given, ToolResult):
            return msgspec.json.encode(given.value, order="sorted").decode()
        if not call.may_fail:
            raise ToolCallFailed(f"tool {given.tool}: {given.kind}: {given.detail}", path=list(node.path))
        failure = as_output(Failure(str(given.kind), given.detail))
        return msgspec.json.encode(failure, order="sorted").decode()

    async def _once(self, tool: Tool, call: Call, key: str, intent: Record) -> ToolResult | ToolFailed:
        work = self._work
        if key in work.intents:
            found = await look_back(tool, call.arguments, key=key)
            if found is LookBack.CANNOT_TELL:
                raise RunPaused(
                    f"nobody can tell whether the once-only tool {tool.name} was called with {shown(call)} before the "
                    f"last session ended (call {key}): see whether it happened, and give the tool a check that returns "
                    "its result, or NOT_HAPPENED; then resume"
                )
            if isinstance(found, ToolFailed):
                raise RunPaused(f"the check of the once-only tool {tool.name} failed: {found.detail}")
            if not isinstance(found, LookBack):
                return found
        else:
            work.buffer.add(intent)
            work.intents[key] = (intent.attempt, intent.first)
        await work.made_durable()
        return await call_tool(tool, call.arguments, key=key)


def named_call(node: Node, attempt: int, index: int, call: Call) -> Record:
    """Return the journal's note of which tool a step called and with what, for people."""
    return Record(node.path, TOOL, attempt, index, 0, (call.tool, shown(call)))


def shown(call: Call) -> str:
    """Return a call's arguments as JSON for people, the beginning of long ones."""
    given = msgspec.json.encode(call.arguments, order="sorted").decode()
    return given if len(given) <= SHOWN_ARGUMENTS else f"{given[:SHOWN_ARGUMENTS]}..."


def call_key(node: Node, index: int, call: Call) -> str:
    """Return the key of a call: the same on every machine and after every resume."""
    text = msgspec.json.encode([list(node.path), index, call.tool, call.arguments], order="sorted")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def as_tool(name: str, given: object, unsafe_local: bool = False) -> Tool:
    """Return what a task names as a tool; a plain function becomes a tool that may be repeated, a text a tool of ours.

    Raises:
        ConfigurationError: It is none of them.
    """
    if isinstance(given, str):
        return tool_named(given, name, unsafe_local)
    if isinstance(given, Tool):
        return given
    if callable(given):
        return Tool(name=name, function=given, timeout_s=TIMEOUT_S)
    raise ConfigurationError(f"the task's tool {name!r} is neither a function nor a Tool, nor the name of one")
