"""Bridge graphs (arXiv 2505.21825): which of two places is a start connected to?

A bridge is a row of gadgets; a gadget leads to the next junction by a short and by a long way, and has a dead end. Two
bridges without a connection make one question: the start is in one of them, and each of the two places ends one.
"""

import random
import re

SHORT, LONG, DEAD = 3, 5, 3
"""Edges of the two ways through a gadget, and of its dead end."""

Graph = dict[str, list[str]]
"""Neighbours by name, in the order in which the edges are listed."""


def pose(rng: random.Random, size: int) -> str:
    """Return a question over two bridges of so many gadgets each, with shuffled names and edges."""
    edges, ends, count = [], [], 0
    for _ in range(2):
        one, end, count = _bridge(size, count)
        edges += one
        ends.append(end)
    names = list(map(str, rng.sample(range(1, 10 * count), count)))
    shown = [(names[a], names[b]) if rng.random() < 0.5 else (names[b], names[a]) for a, b in edges]
    rng.shuffle(shown)
    right, other = (0, 1) if rng.random() < 0.5 else (1, 0)
    start = names[0] if right == 0 else names[count // 2]
    first, second = (right, other) if rng.random() < 0.5 else (other, right)
    listed = ", ".join(f"{a}-{b}" for a, b in shown)
    return f"Edges {listed}: is {start} connected to {names[ends[first]]} or to {names[ends[second]]}?"


def _bridge(gadgets: int, first: int) -> tuple[list[tuple[int, int]], int, int]:
    """Edges of one bridge whose start has the number ``first``, the number of its end, and the next free number."""
    edges: list[tuple[int, int]] = []
    junction, free = first, first + 1
    for _ in range(gadgets):
        following = free
        free += 1
        for length, target in ((SHORT, following), (LONG, following), (DEAD, None)):
            at = junction
            for step in range(length):
                last = target is not None and step == length - 1
                to = target if last and target is not None else free
                free += not last
                edges.append((at, to))
                at = to
        junction = following
    return edges, junction, free


def read(question: str) -> tuple[Graph, str, tuple[str, str]] | None:
    """Return the graph, the start and the two places; ``None`` where it asks something else."""
    found = re.fullmatch(r"Edges ([\d, -]+): is (\d+) connected to (\d+) or to (\d+)\?", question)
    if found is None:
        return None
    return _graph_of(found[1]), found[2], (found[3], found[4])


def _graph_of(edges: str) -> Graph:
    graph: Graph = {}
    for edge in edges.split(", "):
        a, _, b = edge.partition("-")
        graph.setdefault(a, []).append(b)
        graph.setdefault(b, []).append(a)
    return graph


BACK = "back"
"""The answer to a step at a place from which there is nothing new."""


def edges_of(question: str) -> str:
    """Return the list of edges of a question, as it stands there."""
    return question.removeprefix("Edges ").partition(":")[0]


def read_step(question: str) -> tuple[Graph, tuple[str, ...], str] | None:
    """Return the graph, the places seen and where one stands, of a question where to go next; else ``None``."""
    found = re.fullmatch(r"Edges ([\d, -]+); seen ([\d, ]+): where to from (\d+)\?", question)
    if found is None:
        return None
    return _graph_of(found[1]), tuple(found[2].split(", ")), found[3]


def step_answer(graph: Graph, seen: tuple[str, ...], at: str) -> str:
    """Return the first place next to one that was not seen yet, in the order of the edges; else ``back``."""
    return next((other for other in graph.get(at, ()) if other not in seen), BACK)


def place_or_back(text: str) -> str | None:
    """Return the answer to a step in canonical form: a place, or ``back``."""
    word = text.strip().rstrip(".").lower()
    return word if word == BACK or re.fullmatch(r"[0-9]{1,12}", word) else None
