"""The bundled model: three small transformers in the package that answer the questions of Surefoot's own tasks.

One is for single steps of hanoi and multiply, small and fast; one as small for several moves of hanoi at once; and the
planner for the six modules of MAP. The first word of a prompt says which is asked.

Requests that wait are answered together, if they open with the same words. A call of CTranslate2 costs about as much
for a hundred prompts as for ten, so one thread takes what waits in the longest line, asks once, and hands all replies
back in one go; what is asked meanwhile gathers for the next call.
"""

import asyncio
import contextlib
import json
import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from surefoot.decompose.modular_planner.wording import MODULE_WORDS
from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.errors import ConfigurationError, ModelRejected, ModelUnavailable
from surefoot.runtime.models.port import Model, Reply, Request, Stop, refuse_what_is_not_understood

WEIGHTS: Final = Path(__file__).with_name("bundled_weights")
PLANNER: Final = "planner"
"""Folder of the planner inside the other's."""
MOVES: Final = "moves"
"""Folder of the part that states several moves at once, inside the other's."""
PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {**dict.fromkeys(MODULE_WORDS.values(), PLANNER), "moves": MOVES, "moves-only": MOVES}
)
"""Folders of the parts by the first words of the prompts that they answer; what is not there answers all others."""
READS_TEXT: Final = (
    "--model openai/NAME, ollama/NAME or my_module:MyModel reads any text; --model simulated:p_error=0.02 answers from "
    "the task's answer key"
)
"""What to do where a question is not one of those that the model was trained for."""
START: Final = "<bos>"
STOP_PROMPT: Final = "<sep>"
END: Final = "<eos>"
ABREAST: Final = 128
"""Prompts that go through the model together. More do not fit the processor's cache, which halves the speed; and what
waits meanwhile is half of a worker's chains, so that replies are read while the next batch is made."""
SWITCH_S: Final = 0.0005
"""Seconds that a finished batch waits, at most, for the event loop's thread to let it go on. Python's 5 ms are as long
as the batch took."""
MOST_TOKENS: Final = 4096
"""Longest reply that is made, in tokens, whatever is asked for; what the models were trained on is far shorter."""
COLDEST, HOTTEST = 1e-3, 100.0
"""Temperatures below the first are 0, and above the second the second: single precision does not tell them apart."""
CLOSE_S = 5.0
"""Seconds that the batch under way is given to end when the model is closed."""
DIRECTIONS: Final = frozenset({"cw", "ccw"})
"""Second words of moves."""


class _Part:
    """One of the two transformers: its generator and its vocabulary."""

    __slots__ = ("generator", "known")

    def __init__(self, folder: Path, threads: int) -> None:
        self.generator = _load(folder, threads)
        words = json.loads((folder / "vocabulary.json").read_text())
        self.known = frozenset(word for word in words if "<" not in word)


class _Line:
    """Requests that can share a batch: same transformer, same temperature, same first words; oldest first.

    Attributes:
        opening: Tokens that all prompts begin with. The model reads them once and keeps what it made of them, which
            saves a third of the work of a short prompt.
        asked: A request for each of its draws.
        passed: How often another line was served since this one was last, plus 1.
    """

    __slots__ = ("asked", "opening", "part", "passed", "temperature")

    def __init__(self, part: _Part, temperature: float, opening: list[str]) -> None:
        self.part, self.temperature, self.opening = part, temperature, opening
        self.asked: deque[_Asked] = deque()
        self.passed = 1


class _Asked:
    """A request under way, which waits in line once for each of its draws."""

    __slots__ = ("future", "loop", "paid", "replies", "request", "tokens")

    def __init__(self, request: Request, tokens: list[str], paid: int) -> None:
        self.request = request
        self.tokens = tokens
        self.paid = paid
        self.replies: list[Reply] = []
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[list[Reply]] = self.loop.create_future()

    def answer(self, said: Sequence[str]) -> None:
        """Add the next reply of this request: words, the last the end token unless the reply was cut off."""
        most = self.request.max_tokens
        paid = 0 if self.replies else self.paid
        if len(said) <= most and said and said[-1] == END:
            self.replies.append(Reply(" ".join(said[:-1]), Stop.END, paid, len(said), 0.0))
        else:
            self.replies.append(Reply(" ".join(said[:most]), Stop.LENGTH, paid, min(most, len(said)), 0.0))
        if len(self.replies) == len(self.request.draws) and not self.future.done():
            self.future.set_result(self.replies)

    def fail(self, error: Exception) -> None:
        """End this request with an error, unless it has ended already."""
        if not self.future.done():
            self.future.set_exception(error)


class BundledModel(Model):
    """Answers questions of hanoi, multiply, digit-hanoi and graph, in the compact dialect and nothing else.

    Replies to a prompt are independent samples, but not a function of (prompt, draw): they depend on which prompts
    happen to share a batch. The seed of the first request seeds the sampler, once for the process.

    Args:
        weights_dir: Folder with ``model.bin``, ``config.json`` and ``vocabulary.json``, and with those of the other
            parts in ``moves`` and ``planner``, which are read when they are first asked; by default the package's.
        threads: CPU threads for one batch.
        max_batch: Most replies made at once.

    Raises:
        ConfigurationError: The weights are missing or unreadable.
    """

    name = "bundled"
    dialect: Dialect = "compact"

    def __init__(self, weights_dir: Path | None = None, threads: int = 1, max_batch: int = ABREAST) -> None:
        folder = weights_dir or WEIGHTS
        self._max_batch, self._threads = max_batch, threads
        self._runs = _Part(folder, threads)
        self._others: dict[str, _Part] = {}
        self._folder = folder
        # By part, temperature and opening; guarded by the lock.
        self._waiting: dict[tuple[_Part, float, tuple[str, ...]], _Line] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._waking: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def check_prompt(self, prompt: Prompt) -> None:
        """Refuse a prompt with a system part, or with a word that the model was not trained on."""
        words = prompt.user.split(" ")
        _check(prompt, words, self._part_for(words[0]).known)

    async def ask(self, request: Request) -> list[Reply]:
        """Answer a prompt once for each draw.

        Raises:
            ModelRejected: The prompt has a system part or a word that the model was not trained on.
            ModelUnavailable: The model was closed, or CTranslate2 failed.
        """
        refuse_what_is_not_understood(request, "the bundled model")
        words = request.prompt.user.split(" ")
        part = self._part_for(words[0])
        _check(request.prompt, words, part.known)
        request = msgspec.structs.replace(
            request, max_tokens=min(request.max_tokens, MOST_TOKENS), temperature=_heat(request.temperature)
        )
        opening = opening_of(words)
        asked = _Asked(request, [*words[len(opening) :], STOP_PROMPT], len(words) + 2)
        if not request.draws:
            return []
        with self._lock:
            if self._closed:
                raise ModelUnavailable("the bundled model is closed")
            if self._thread is None:
                self._start(request.seed)
            kind = (part, request.temperature, opening)
            line = self._waiting.get(kind)
            if line is None:
                line = self._waiting[kind] = _Line(part, request.temperature, [START, *opening])
            line.asked.extend([asked] * len(request.draws))
        if self._waking is not asked.loop:
            # Not at once: whatever else is asked in this turn of the event loop is to share the batch.
            self._waking = asked.loop
            asked.loop.call_soon(self._wake_up)
        return await asked.future

    async def close(self) -> None:
        """Stop the thread after the batch under way, if that ends soon; what still waits fails. Twice is fine."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        self._wake.set()
        if thread is not None:
            await _ended(thread, CLOSE_S)

    def _part_for(self, word: str) -> _Part:
        """The part that answers prompts with this first word, read when it is first asked."""
        folder = PARTS.get(word)
        if folder is None:
            return self._runs
        if folder not in self._others:
            try:
                self._others[folder] = _Part(self._folder / folder, self._threads)
            except ConfigurationError as error:
                raise ModelRejected(str(error)) from error
        return self._others[folder]

    def _wake_up(self) -> None:
        self._waking = None
        self._wake.set()

    def _start(self, seed: int) -> None:
        import ctranslate2

        ctranslate2.set_random_seed(seed % 2**32)
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
        self._thread = threading.Thread(target=self._work, name="bundled-model", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        """Run batches until closed. Whatever ends this thread, nobody is left waiting."""
        try:
            while not self._closed:
                self._wake.wait()
                self._wake.clear()
                while not self._closed and (taken := self._take()) is not None:
                    self._run(*taken)
        finally:
            self._closed = True
            with self._lock:
                left = [asked for line in self._waiting.values() for asked in line.asked]
                self._waiting.clear()
            _hand_over(left, ModelUnavailable("the bundled model was closed"))

    def _take(self) -> tuple[_Line, list[_Asked]] | None:
        """A batch of the line in which most wait; one that is passed over counts for more each time."""
        with self._lock:
            while self._waiting:
                kind = max(self._waiting, key=lambda kind: len(self._waiting[kind].asked) * self._waiting[kind].passed)
                line = self._waiting[kind]
                batch: list[_Asked] = []
                while line.asked and len(batch) < self._max_batch:
                    asked = line.asked.popleft()
                    if not asked.future.cancelled():
                        batch.append(asked)
                if not line.asked:
                    del self._waiting[kind]
                if batch:
                    for other in self._waiting.values():
                        other.passed += 1
                    line.passed = 1
                    return line, batch
        return None

    def _run(self, line: _Line, batch: list[_Asked]) -> None:
        try:
            results = line.part.generator.generate_batch(
                [asked.tokens for asked in batch],
                static_prompt=line.opening,
                max_length=max(asked.request.max_tokens for asked in batch),
                include_prompt_in_result=False,
                return_end_token=True,
                sampling_topk=0 if line.temperature else 1,
                sampling_temperature=line.temperature or 1.0,
            )
            _hand_over(batch, [result.sequences[0] for result in results])
        except (RuntimeError, ValueError, TypeError, OverflowError, MemoryError) as error:  # one request's, not the end
            _hand_over(batch, ModelUnavailable(f"the bundled model failed: {error}"))


def _heat(temperature: float) -> float:
    """A temperature that the sampler can work with; 0 for the likeliest token."""
    return 0.0 if temperature < COLDEST else min(temperature, HOTTEST)


async def _ended(thread: threading.Thread, most_s: float) -> None:
    """Wait for a thread to end, for so many seconds. Nothing that is joined at exit waits for it any longer."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wait() -> None:
        thread.join()
        with contextlib.suppress(RuntimeError):  # that event loop is closed, so nobody waits there
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, name="bundled-model-end", daemon=True).start()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await ended.wait()


def opening_of(words: list[str]) -> tuple[str, ...]:
    """Return the first words of a prompt, which many other prompts share."""
    return tuple(words[: 2 if len(words) > 1 and words[1] in DIRECTIONS else 1])


def _check(prompt: Prompt, words: list[str], known: frozenset[str]) -> None:
    if prompt.system or not known.issuperset(words):
        strange = next((word for word in words if word not in known), None)
        why = "knows no system prompts" if prompt.system else f"does not know the word {strange!r:.40}"
        raise ModelRejected(
            "the bundled model answers questions of hanoi, multiply, digit-hanoi and graph in the compact dialect "
            f"only; it {why}",
            word=strange,
            hint=READS_TEXT,
        )


def _load(folder: Path, threads: int) -> Any:
    import ctranslate2

    try:
        return ctranslate2.Generator(str(folder), device="cpu", inter_threads=1, intra_threads=threads)
    except (RuntimeError, ValueError) as error:
        raise ConfigurationError(f"the bundled model's weights in {folder} cannot be read: {error}") from error


def _hand_over(batch: Sequence[_Asked], outcome: Sequence[Sequence[str]] | Exception) -> None:
    """Give replies, or an error, to whoever waits: one call into each event loop, however many replies."""
    said = [outcome] * len(batch) if isinstance(outcome, Exception) else outcome
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Asked, Any]]] = {}
    for asked, words in zip(batch, said, strict=True):
        by_loop.setdefault(asked.loop, []).append((asked, words))
    for loop, pairs in by_loop.items():
        with contextlib.suppress(RuntimeError):  # that event loop is closed, so nobody waits there
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: Iterable[tuple[_Asked, Any]]) -> None:
    """In the event loop: hand each reply to its request."""
    for asked, outcome in pairs:
        if isinstance(outcome, Exception):
            asked.fail(outcome)
        else:
            asked.answer(outcome)
