"""The standard streams of the command: closed, full or abandoned ones never end a run.

A daemon closes them, cron fills a disk behind them, ``| head`` goes away, a terminal hangs up. What a run decided is
kept in its journal; what cannot be printed is lost and nothing else.
"""

import errno
import io
import os
import sys


class ForgivingFile(io.RawIOBase):
    """A file descriptor to write to whose errors are noted and not raised.

    Args:
        descriptor: An open file descriptor; it stays open when this object is closed.

    Attributes:
        lost: Why something could not be written, other than that the reader went away; empty if all was written.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.lost = ""

    def write(self, data: object) -> int:
        """Write everything, or note why that is not possible; the number of bytes that were given."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        done = 0
        while done < len(view):
            try:
                done += os.write(self._descriptor, view[done:])
            except BlockingIOError:
                self._wait()
            except OSError as error:
                if error.errno != errno.EPIPE:
                    self.lost = error.strerror or str(error)
                break
        return len(view)

    def _wait(self) -> None:
        """Wait until a descriptor that somebody made non-blocking takes more."""
        import select

        select.select([], [self._descriptor], [], 1.0)

    def writable(self) -> bool:
        """Say that the file can be written to, which is always true."""
        return True

    def fileno(self) -> int:
        """The number of the file descriptor that is written to."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether the file descriptor leads to a terminal."""
        return os.isatty(self._descriptor)


def open_missing_descriptors() -> None:
    """Put ``/dev/null`` where standard input, output or error is closed.

    Else the next file that is opened, the journal perhaps, takes the free number, and libuv aborts the process when it
    is closed.
    """
    for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, flags)  # the lowest free number: this one
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)


def forgive() -> ForgivingFile | None:
    """Make stdout and stderr forgiving, unless a test or a notebook has put others in their place.

    Returns:
        What stdout writes to, to be asked at the end whether something was lost; ``None`` if it was left alone.
    """
    open_missing_descriptors()
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(ForgivingFile(2), line_buffering=True)
    if sys.stdout is not sys.__stdout__:
        return None
    out = ForgivingFile(1)
    sys.stdout = _stream(out, line_buffering=out.isatty())
    return out


def _stream(file: ForgivingFile, line_buffering: bool) -> io.TextIOWrapper:
    """Text in the terminal's encoding; what that lacks is written as an escape."""
    kept = sys.__stdout__ if file.fileno() == 1 else sys.__stderr__
    encoding = getattr(kept, "encoding", None) or "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(file), encoding, "backslashreplace", line_buffering=line_buffering)
