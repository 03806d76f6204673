"""Ray in one process and event loop: actors that start when they are told to, die, hang and lose their head."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

from surefoot.runtime.worker.ray_cluster import Cluster


class RayError(Exception):
    pass


class RayActorError(RayError):
    actor_init_failed = False


class RayTaskError(RayError):
    cause: Exception

    def as_instanceof_cause(self) -> Exception:
        return self.cause


class Actor:
    """A process with a worker in it.

    Attributes:
        state: ``starting``, ``lives``, ``hangs`` or ``dead``.
    """

    def __init__(self, make: Callable[[], Any], state: str) -> None:
        self._make, self.state, self.broken = make, state, False
        self._changed = asyncio.Event()
        self._object: Any = None

    def become(self, state: str) -> None:
        self.state = state
        self._changed.set()
        self._changed = asyncio.Event()

    async def object(self) -> Any:
        """The worker, once the process answers."""
        while self.state in ("starting", "hangs"):
            await self._changed.wait()
        if self.state == "dead":
            error = RayActorError("first line\nthe worker died")
            error.actor_init_failed = self.broken
            raise error
        self._object = self._object or self._make()
        return self._object

    async def alive(self, work: Any) -> Any:
        """What some work comes to, if the actor lives that long."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await asyncio.wait({task, change := asyncio.ensure_future(self._changed.wait())},
                                   return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
                change.cancel()
                await self.object()
            return task.result()
        finally:
            task.cancel()
            await asyncio.wait([task])

    def __getattr__(self, method: str) -> Any:
        async def call(*arguments: Any) -> Any:
            return await self.alive(getattr(await self.object(), method)(*arguments))

        async def stream(*arguments: Any) -> AsyncIterator[Any]:
            batches = getattr(await self.object(), method)(*arguments)
            try:
                while (batch := await self.alive(anext(batches, None))) is not None:
                    reference = asyncio.get_running_loop().create_future()
                    reference.set_result(batch)
                    yield reference
            finally:
                await batches.aclose()

        return SimpleNamespace(remote=call, options=lambda **_: SimpleNamespace(remote=stream))


class FakeRay:
    """The part of Ray's module that a pool uses.

    Attributes:
        actors: All that were started, in order.
        starts: What an actor becomes when it is started.
        cores: Of the cluster.
    """

    def __init__(self, cores: int = 2) -> None:
        self.actors: list[Actor] = []
        self.cores, self.starts = cores, "lives"
        self.was_shut_down = False
        self.exceptions = SimpleNamespace(
            RayActorError=RayActorError,
            RayTaskError=RayTaskError,
            WorkerCrashedError=RayActorError,
            NodeDiedError=RayActorError,
            OutOfMemoryError=RayActorError,
            ObjectLostError=RayActorError,
        )
        self.util = SimpleNamespace(metrics=SimpleNamespace(Gauge=lambda *_: SimpleNamespace(set=lambda *_: None)))

    def remote(self, cls: Any) -> Any:
        def start(*arguments: Any) -> Actor:
            self.actors.append(Actor(lambda: cls(*arguments), self.starts))
            return self.actors[-1]

        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=start))

    def kill(self, actor: Actor) -> None:
        actor.state = "dead"

    def shutdown(self) -> None:
        self.was_shut_down = True

    def nodes(self) -> list[dict[str, Any]]:
        return [{"NodeID": "here", "NodeManagerAddress": "127.0.0.1", "NodeManagerPort": 2, "Alive": True}]

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self.cores)}

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(gcs_address="127.0.0.1:1", get_node_id=lambda: "here")

    def cluster(self, own: bool = True) -> Cluster:
        return Cluster(self, own, "127.0.0.1:1", "a fake")
