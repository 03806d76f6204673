"""Python runs this first in each process of a page's code: connections to other machines are refused."""

import socket


def _local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a socket of this machine's file system
    return str(address[0]).startswith("127.") or address[0] in ("localhost", "::1", "", "0.0.0.0")


_connect = socket.socket.connect


def _checked(self: socket.socket, address: object) -> None:
    # A datagram socket that connects sends nothing; Ray does it to learn this machine's address.
    if not _local(address) and self.type != socket.SOCK_DGRAM:
        raise OSError(101, "the pages' code runs offline")
    _connect(self, address)  # type: ignore[arg-type]


socket.socket.connect = _checked  # type: ignore[method-assign,assignment]
