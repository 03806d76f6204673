"""Calls tools the way the engine does, and says which isolation this machine offers."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from surefoot.runtime.tools.calling import call_tool
from surefoot.runtime.tools.contract import Tool, ToolFailed, ToolResult
from surefoot.runtime.tools.sandbox.isolation import try_isolation
from surefoot.runtime.tools.sandbox.limits import Isolation


@pytest.fixture(scope="session")
def refusals() -> dict[Isolation, str | None]:
    """Of each isolation: ``None``, or why this machine refuses it."""

    async def tried() -> dict[Isolation, str | None]:
        return {isolation: await try_isolation(isolation) for isolation in Isolation}

    return asyncio.run(tried())


@pytest.fixture(params=[Isolation.NAMESPACES, Isolation.SECCOMP], ids=lambda isolation: isolation.value)
def isolation(request: pytest.FixtureRequest, refusals: dict[Isolation, str | None]) -> Isolation:
    """Each isolation that this machine offers; the report names those that it does not."""
    wanted: Isolation = request.param
    if refusals[wanted] is not None:
        pytest.skip(f"{wanted.value} not tested, the kernel refuses: {refusals[wanted]}")
    return wanted


@pytest.fixture
def namespaces(refusals: dict[Isolation, str | None]) -> Isolation:
    """Namespaces, where this machine offers them."""
    if refusals[Isolation.NAMESPACES] is not None:
        pytest.skip(f"namespaces not tested, the kernel refuses: {refusals[Isolation.NAMESPACES]}")
    return Isolation.NAMESPACES


@pytest.fixture
def value() -> Callable[..., Coroutine[Any, Any, Any]]:
    """Calls a tool that has to succeed, and gives its value."""

    async def called(tool: Tool, **arguments: Any) -> Any:
        result = await call_tool(tool, arguments, key="k")
        assert isinstance(result, ToolResult), result
        return result.value

    return called


@pytest.fixture
def failure() -> Callable[..., Coroutine[Any, Any, ToolFailed]]:
    """Calls a tool that has to fail, and gives the failure."""

    async def called(tool: Tool, **arguments: Any) -> ToolFailed:
        result = await call_tool(tool, arguments, key="k")
        assert isinstance(result, ToolFailed), result
        assert "\n" not in result.detail
        assert result.detail.isprintable()
        return result

    return called
