"""Results of tools in a test of a task: each repeatable tool is really called, once for the same arguments."""

import asyncio
from typing import Any

import msgspec

from surefoot.decompose.plan import Failure, as_output
from surefoot.decompose.step import Call
from surefoot.decompose.task import Task
from surefoot.runtime.execution.tool_calls import as_tool
from surefoot.runtime.tools.calling import call_tool
from surefoot.runtime.tools.contract import ToolResult


class ToolsNotCalled(Exception):
    """A tool call that a test does not make, or that gave nothing; the text says why."""


class ToolFailedHere(ToolsNotCalled):
    """A tool that was called and gave nothing: the failure of the node that asked for it."""


class ToolResults:
    """The tools of a task, called for a test.

    Args:
        task: Names its tools.
        allowed: Whether tools may be called at all.
    """

    def __init__(self, task: Task, allowed: bool) -> None:
        self._tools = {name: as_tool(name, given) for name, given in task.tools().items()}
        self._allowed = allowed
        self._known: dict[bytes, Any] = {}

    def of(self, call: Call) -> Any:
        """Return the result of a tool call; the first one is remembered, so that a second walk gets the same.

        Raises:
            ToolsNotCalled: The task has no such tool, or it may not be called in a test.
            ToolFailedHere: It failed, and its failure is not a result.
        """
        key = msgspec.json.encode((call.tool, call.arguments), order="sorted")
        if key not in self._known:
            self._known[key] = self._called(call)
        return self._known[key]

    def _called(self, call: Call) -> Any:
        tool = self._tools.get(call.tool)
        if tool is None:
            raise ToolsNotCalled(f"the tool {call.tool!r} is asked for, and the task has no tool of that name")
        if not (self._allowed and tool.repeatable):
            why = "--call-tools calls it" if tool.repeatable else "it must be called only once, so not in a test"
            raise ToolsNotCalled(f"the tool {call.tool!r} is asked for; {why}")
        given = asyncio.run(call_tool(tool, call.arguments, key="test"))
        if isinstance(given, ToolResult):
            return given.value
        if not call.may_fail:
            raise ToolFailedHere(f"tool {call.tool}: {given.kind}: {given.detail}")
        return as_output(Failure(str(given.kind), given.detail))
