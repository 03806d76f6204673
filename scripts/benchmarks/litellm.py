"""Measures what Surefoot adds to calls through LiteLLM, and how well it keeps to a server's limits.

``python -m surefoot.scripts.benchmarks.litellm`` starts the servers it asks, each in a process of its own on this
machine. Beside the
share of a server's rate stands the share of the time in which the process ran (``ran_share``) and in which it had no
core to run on (``no_core_share``): where they add up to nearly 1, the machine was too busy to say anything of the pace.
"""

import argparse
import asyncio
import json
import pathlib
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from aiohttp import web

from surefoot.decompose.step import Prompt
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.litellm_setup import load
from surefoot.runtime.models.port import Request
from surefoot.scripts.commands.cli import print_json

PROMPT = Prompt("Where to? " * 20, "You answer briefly. " * 20)
USAGE_IN, USAGE_OUT = 150, 7
REPEATS = 7


class _Server:
    """Answers at once or after a while, at most so many requests a second if it has a limit.

    A limit is a bucket of half a second's requests, filled evenly; what comes too fast gets a 429.
    """

    def __init__(self, latency_s: float, rate: float) -> None:
        self.latency_s, self.rate = latency_s, rate
        self.bucket, self.filled = rate / 2, time.monotonic()
        self.answered = self.refused = self.prompt_tokens = 0
        self.times: deque[float] = deque()

    async def chat(self, http: web.Request) -> web.Response:
        body = await http.json()
        if self.rate:
            now = time.monotonic()
            self.bucket, self.filled = min(self.rate / 2, self.bucket + (now - self.filled) * self.rate), now
            if self.bucket < 1:
                self.refused += 1
                error = {"message": "too fast", "type": "rate_limit", "code": "rate_limit"}
                return web.json_response({"error": error}, status=429, headers={"Retry-After": "1"})
            self.bucket -= 1
        await asyncio.sleep(self.latency_s)
        n = body.get("n") or 1
        self.answered += n
        self.prompt_tokens += USAGE_IN
        message = {"role": "assistant", "content": "move = [1, 0, 2]"}
        choices = [{"index": i, "message": message, "finish_reason": "stop"} for i in range(n)]
        used = {"prompt_tokens": USAGE_IN, "completion_tokens": USAGE_OUT * n, "total_tokens": USAGE_IN + USAGE_OUT * n}
        return web.json_response(
            {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": used}
        )

    async def stats(self, _: web.Request) -> web.Response:
        seen = {"answered": self.answered, "refused": self.refused, "prompt_tokens": self.prompt_tokens}
        return web.json_response(seen | dict(zip(("ran_s", "waited_s"), ran_and_waited_s(), strict=True)))


def ran_and_waited_s() -> tuple[float, float]:
    """Seconds that this process's main thread ran, and that it could have run but had no core (Linux)."""
    ran, waited, _ = pathlib.Path("/proc/self/schedstat").read_text().split()
    return int(ran) / 1e9, int(waited) / 1e9


async def _serve(latency_s: float, rate: float, port: int) -> None:
    server = _Server(latency_s, rate)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_get("/stats", server.stats)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


@contextmanager
def serving(latency_s: float = 0.0, rate: float = 0.0, port: int = 0) -> Iterator[tuple[str, Any]]:
    """Start a server in a process of its own; yield its base address and the process."""
    options = ["--serve", str(latency_s), str(rate), str(port)]
    command = [sys.executable, "-m", "surefoot.scripts.benchmarks.litellm", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1", process
        finally:
            process.kill()


async def _stats(base: str) -> dict[str, float]:
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(base.replace("/v1", "/stats")) as page:
        found: dict[str, float] = json.loads(await page.text())
        return found


def _request(number: int, draws: int = 1) -> Request:
    return Request(PROMPT, tuple(range(number * 8, number * 8 + draws)), 0.1, 50, 0)


async def _through_model(base: str, calls: int, at_once: int) -> tuple[float, float]:
    """Wall and CPU seconds of so many calls, asked by ``2 * at_once`` chains: a run has more than places."""
    model = LiteLLMModel(
        LiteLLMSettings(name="openai/m", api_base=base, max_in_flight=at_once, price_in=1, price_out=1)
    )
    left = iter(range(calls))

    async def chain() -> None:
        for number in left:
            await model.ask(_request(number))

    await model.ask(_request(0))
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(chain() for _ in range(2 * at_once)))
    spent = time.perf_counter() - wall, time.process_time() - cpu
    await model.close()
    return spent


async def _bare(base: str, calls: int, at_once: int) -> tuple[float, float]:
    """The same calls by a loop of ``litellm.acompletion``, its semaphore and nothing else."""
    litellm, limiter, left = load(), asyncio.Semaphore(at_once), iter(range(calls))
    messages = [{"role": "system", "content": PROMPT.system}, {"role": "user", "content": PROMPT.user}]
    given = {"model": "openai/m", "api_base": base, "api_key": "none", "temperature": 0.1, "max_tokens": 50}

    async def chain() -> None:
        for _ in left:
            async with limiter:
                await litellm.acompletion(messages=messages, num_retries=0, max_retries=0, timeout=60, **given)

    await litellm.acompletion(messages=messages, **given)
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(chain() for _ in range(2 * at_once)))
    return time.perf_counter() - wall, time.process_time() - cpu


async def _compare(base: str, calls: int, at_once: int) -> dict[str, float]:
    """Both ways in turns, and their medians: on a busy machine the next second is not like the last."""
    await _bare(base, 64, at_once)
    ratios, extra, speeds, theirs = [], [], [], []
    for _ in range(REPEATS):
        bare = await _bare(base, calls, at_once)
        ours = await _through_model(base, calls, at_once)
        ratios.append(bare[0] / ours[0])
        extra.append((ours[1] - bare[1]) / calls * 1e3)
        speeds.append(calls / ours[0])
        theirs.append(bare[1] / calls * 1e3)
    names = ("speed_ratio", "extra_cpu_ms_a_call", "calls_per_s", "litellm_cpu_ms_a_call")
    return {name: statistics.median(one) for name, one in zip(names, (ratios, extra, speeds, theirs), strict=True)}


class _Canned:
    """LiteLLM whose calls return at once, so that all CPU time is ours."""

    def __init__(self, litellm: Any) -> None:
        self._litellm = litellm
        message = SimpleNamespace(content="move = [1, 0, 2]")
        usage = SimpleNamespace(prompt_tokens=USAGE_IN, completion_tokens=USAGE_OUT)
        self._response = SimpleNamespace(choices=[SimpleNamespace(message=message, finish_reason="stop")], usage=usage)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._litellm, name)

    async def acompletion(self, **_: Any) -> Any:
        return self._response


async def _own_cpu(calls: int) -> dict[str, float]:
    model = LiteLLMModel(LiteLLMSettings(name="openai/m", api_base="http://127.0.0.1:1/v1", price_in=1, price_out=1))
    opened = model._open()
    opened.litellm = _Canned(opened.litellm)
    spent = []
    for _ in range(REPEATS + 1):  # the first one warms up
        cpu = time.thread_time()
        for number in range(calls):
            await model.ask(_request(number))
        spent.append((time.thread_time() - cpu) / calls * 1e3)
    return {"own_cpu_ms_a_call": statistics.median(spent[1:]), "own_cpu_ms_most": max(spent[1:])}


async def _limited(base: str, rate: float, seconds: float) -> dict[str, float]:
    """How well a server's rate is used, and whether there was a core to use it with."""
    model = LiteLLMModel(LiteLLMSettings(name="openai/m", api_base=base, max_in_flight=64))
    model._open()  # LiteLLM takes seconds to load
    ran, waited, before = *ran_and_waited_s(), await _stats(base)
    end = time.monotonic() + seconds
    numbers = iter(range(10**9))

    async def chain() -> None:
        while time.monotonic() < end:
            await model.ask(_request(next(numbers)))

    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(chain() for _ in range(64)))
    took = seconds + max(0.0, time.monotonic() - end)
    after, (ran_then, waited_then) = await _stats(base), ran_and_waited_s()
    await model.close()
    seen = {name: after[name] - before[name] for name in after}
    return {
        "share_of_rate": seen["answered"] / (rate * took),
        "failed_share": seen["refused"] / (seen["refused"] + seen["answered"]),
        "ran_share": (ran_then - ran) / took,
        "no_core_share": (waited_then - waited) / took,
        "server_no_core_share": seen["waited_s"] / took,
    }


async def _prompt_tokens(base: str) -> dict[str, float]:
    paid = []
    for draws in (3, 1):
        before, model = await _stats(base), LiteLLMModel(LiteLLMSettings(name="openai/m", api_base=base))
        for number in range(60 // draws):
            await model.ask(_request(number, draws))
        await model.close()
        paid.append((await _stats(base))["prompt_tokens"] - before["prompt_tokens"])
    return {"prompt_tokens_ratio": paid[0] / paid[1]}


async def _outage(down_s: float) -> dict[str, float]:
    """Chains ask on while the server is dead; seconds from its return to the first answer, and answers lost."""
    with serving(0.005) as (base, process):
        port = int(base.split(":")[2].removesuffix("/v1"))
        model, answers, stop = LiteLLMModel(LiteLLMSettings(name="openai/m", api_base=base)), [0.0], False

        async def chain() -> int:
            asked = 0
            while not stop:
                asked += len(await model.ask(_request(asked)))
                answers.append(time.monotonic())
            return asked

        chains = [asyncio.create_task(chain()) for _ in range(100)]
        await asyncio.sleep(2)
        process.kill()
        await asyncio.sleep(down_s)
        with serving(0.005, port=port):
            back = time.monotonic()
            while answers[-1] < back:  # noqa: ASYNC110  (another process's news)
                await asyncio.sleep(0.01)
            first = answers[-1] - back
            await asyncio.sleep(6)
            stop = True
            asked = sum(await asyncio.gather(*chains))
            await model.close()
    return {"resumed_after_s": first, "lost": asked - (len(answers) - 1)}


async def _measure(options: argparse.Namespace) -> dict[str, float]:
    found: dict[str, float] = {}
    if options.only in ("all", "calls"):
        found |= await _own_cpu(5 * options.calls)
        with serving(0.0) as (base, _):
            found |= await _compare(base, options.calls, 32)
            found |= await _prompt_tokens(base)
    if options.only in ("all", "rate"):
        with serving(0.05, options.rate) as (base, _):
            found |= await _limited(base, options.rate, options.seconds)
    if options.only in ("all", "outage"):
        found |= await _outage(options.down_s)
    return {name: round(value, 4) for name, value in found.items()}


def main() -> None:
    """Measure the LiteLLM adapter; print a table and one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m surefoot.scripts.benchmarks.litellm", description=__doc__)
    parser.add_argument("--calls", type=int, default=600, help="calls of each comparison (default: 600)")
    parser.add_argument("--rate", type=float, default=100, help="requests/s of the limited server (default: 100)")
    parser.add_argument("--seconds", type=float, default=40, help="how long it is asked (default: 40)")
    parser.add_argument("--down-s", type=float, default=30, help="length of the outage (default: 30)")
    parser.add_argument("--only", default="all", choices=("all", "calls", "rate", "outage"), help="measure only this")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        latency_s, rate, port = options.serve
        asyncio.run(_serve(float(latency_s), float(rate), int(port)))
        return
    found = asyncio.run(_measure(options))
    for name, value in found.items():
        print(f"{name:<24} {value:>10}")
    print_json(found)


if __name__ == "__main__":
    main()
