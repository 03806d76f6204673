"""``surefoot tasks`` and ``surefoot models``: what can be run here, one line each."""

import os

import click

from runtime.config import BUILT_IN_TASKS, task_class
from scripts.cli import OK, print_json
from scripts.options import json_option

MODELS = {
    "bundled": "a small transformer trained for the built-in tasks; runs on this machine, costs nothing",
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
    """What can be run here, one line each."""
    found = {name: task_class(name).summary for name in BUILT_IN_TASKS}
    if as_json:
        print_json({"tasks": found})
        return OK
    for name, text in found.items():
        print(f"{name:<12} {text}")
    print(f"{'your own':<12} surefoot run my_module:MyTask (see the README)")
    return OK


@click.command()
@json_option
def models(as_json: bool) -> int:
    """Which models can be used, one line each."""
    ready = {name: not key or key in os.environ for name, key in PROVIDERS.items()}
    if as_json:
        print_json({"models": MODELS, "hosted": ready})
        return OK
    for name, text in MODELS.items():
        print(f"{name:<12} {text}")
    print("\nand any LiteLLM name, such as")
    for name, key in PROVIDERS.items():
        print(f"  {name:<50} " + (f"key {key}: {'set' if ready[name] else 'not set'}" if key else "no key needed"))
    return OK
