"""Looks in a file: asked once for a set of runs, and told from each other by all that they depend on."""

import pathlib

import msgspec

from surefoot.decompose.step import Prompt
from surefoot.runtime.models.port import Look, Model, Reply, Request
from surefoot.scripts.benchmarks.kept_looks import KeptLooks


class Counted(Model):
    """Says how often it was asked."""

    name = "counted"
    asked = 0

    async def ask(self, request: Request) -> list[Reply]:
        return [Reply("drawn") for _ in request.draws]

    async def look(self, request: Request) -> Look:
        self.asked += 1
        return Look(((str(self.asked), 0.9),), 0.1, 2)


async def test_a_look_is_asked_once_also_by_the_next_run(tmp_path: pathlib.Path) -> None:
    model, file = Counted(), tmp_path / "looks.jsonl"
    request = Request(Prompt("a"), (0,), 1.0, 6, 0)
    other = msgspec.structs.replace(request, prompt=Prompt("b"))
    first = KeptLooks(model, file)
    assert [await first.look(one) for one in (request, other, request)][0::2] == [Look((("1", 0.9),), 0.1, 2)] * 2
    assert await KeptLooks(model, file).look(msgspec.structs.replace(request, draws=(7,), seed=3)) == Look(
        (("1", 0.9),), 0.1, 2
    )
    assert (model.asked, len(file.read_text().splitlines())) == (2, 2)
    assert [one.text for one in await first.ask(request)] == ["drawn"]
