"""``surefoot serve``: an OpenAI-compatible endpoint in front of a model of this machine."""

import asyncio

import click

from surefoot.runtime.config import RunConfig
from surefoot.runtime.models.factory import open_model
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, print_json


@click.command()
@click.argument("model", default="bundled")
@click.option("--host", default="127.0.0.1", show_default=True, help="Interface to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on.  [default: a free one]")
@click.option("--task", default="hanoi", show_default=True, help="Task that a simulated model knows.")
@json_option
def serve(model: str, host: str, port: int, task: str, as_json: bool) -> int:
    """Serve MODEL to other programs until stopped, in OpenAI's protocol: chat and raw completions.

    \b
    surefoot serve smollm2 --port 8000
    surefoot run graph --model openai/smollm2 --api-base http://127.0.0.1:8000/v1

    MODEL is bundled, smollm2, gguf:PATH or simulated[:key=value,...].
    """
    from surefoot.scripts.cluster.serve_model import until_stopped

    opened = open_model(RunConfig(task=task, model=model, dialect="auto"))
    asyncio.run(until_stopped(opened, model, host, port))
    if as_json:
        print_json({"status": "ok", "served": model})
    return OK
