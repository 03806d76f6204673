"""The worker as a Ray actor: what is told to it beside the work arrives as bytes."""

from typing import Any

from surefoot.runtime.worker.control import decode_message, encode
from surefoot.runtime.worker.worker import Worker


class RayWorker(Worker):
    """A worker in a process of its own, reached over Ray.

    What it accepts, reviewed for strangers: the process listens where Ray listens and speaks Ray's protocol, in which
    a call names any function and its arguments are pickled. Whoever may speak it to a cluster may run code there; no
    class can forbid that. The boundary is therefore the cluster's: its token, which a Ray that a run starts for itself
    asks for (2.59 and later, unless RAY_AUTH_MODE says otherwise), and its network: such a Ray listens on the loopback
    address only (``own_ray.py``), one that ``ray start`` started on all of a machine's. Behind it, the coordinator's
    messages come as msgpack, decoded against ``control.py``'s types, so that a message is never executed. Segments,
    leads and batches travel as Ray's arguments, because a node's goal may be any type of the user's task; they come
    from the run's own coordinator, which sent the task's code too.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for model in self.models:
            model.share_on_node()

    async def receive_bytes(self, data: bytes) -> bytes:
        """Act on an encoded message and return the encoded reply.

        Raises:
            SurefootError: The bytes are none of the messages that a worker knows.
        """
        return encode(await self._reply(decode_message(data)))
