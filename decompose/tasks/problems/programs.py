"""Host programs of generated families: what is looked up and in which order is code; each sum is a question.

For bridges it is a search in depth: which place to go to next is a question, and the code keeps the way back and what
was seen. A step that was not shown what was seen could not do it: it would walk at random.
"""

from typing import Any

from surefoot.decompose.methods.program import StepSpec
from surefoot.decompose.step import Done
from surefoot.decompose.tasks.problems import bridges, dictionary, graphs
from surefoot.decompose.tasks.problems.expressions import MODULUS

FAMILIES = ("dictionary", "graphs", "chains", "bridges")
"""Families that have a program."""


def first_state(question: str) -> dict[str, Any]:
    """Return the state in which a program begins.

    Raises:
        ValueError: The question's family has no program.
    """
    found = dictionary.read(question)
    if found is not None:
        sums = [" + ".join(str(found.values[word]) for word in turn) for turn in found.turns]
        return {"kind": "sums", "turns": sums, "turn": 0, "total": str(found.begins)}
    bridge = bridges.read(question)
    if bridge is not None:
        _, start, places = bridge
        edges = bridges.edges_of(question)
        return {"kind": "search", "edges": edges, "at": start, "way": [], "seen": start, "places": list(places)}
    graph = graphs.read(question)
    if graph is None:
        raise ValueError(f"method: there are programs for {', '.join(FAMILIES)} only")
    order = graphs.needed(*graph)
    values_of = {one.name: one.operands[0] for one in order if len(one.operands) == 1}
    steps = [[one.name, *one.operands, one.operator] for one in order if len(one.operands) > 1]
    return {"kind": "graph", "steps": steps, "at": 0, "wanted": graph[1], **values_of}


def next_spec(state: dict[str, Any]) -> StepSpec | str | Done:
    """Return the next step of a program, its answer, or that it found none."""
    if state["kind"] == "search":
        if state["at"] in state["places"]:
            return str(state["at"])
        if not state["at"]:
            return Done(None, "neither place was found")
        return StepSpec(("edges", "seen", "at"), "to", "Edges {edges}; seen {seen}: where to from {at}?")
    if state["kind"] == "sums":
        if state["turn"] == len(state["turns"]):
            return str(state["total"])
        return StepSpec(("total",), "total", f"What is {{total}} + {state['turns'][state['turn']]}?")
    if state["at"] == len(state["steps"]):
        return str(state[state["wanted"]])
    name, left, right, operator = state["steps"][state["at"]]
    reads = tuple(dict.fromkeys(one for one in (left, right) if not one.isdigit()))
    shown = [one if one.isdigit() else f"{{{one}}}" for one in (left, right)]
    return StepSpec(reads, name, f"What is ({shown[0]} {operator} {shown[1]}) mod {MODULUS}?")


def absorbed(state: dict[str, Any], spec: StepSpec, said: str) -> dict[str, Any]:
    """Return the state after a step: its field written, and the program one step further."""
    if state["kind"] == "search":
        seen, way = state["seen"].split(", "), state["way"]
        if said == bridges.BACK or said in seen:  # nothing new: also where that was a mistake, it cannot go on for ever
            return {**state, "at": way[-1] if way else "", "way": way[:-1]}
        return {**state, "at": said, "way": [*way, state["at"]], "seen": ", ".join([*seen, said])}
    counter = "turn" if state["kind"] == "sums" else "at"
    return {**state, spec.writes: said, counter: state[counter] + 1}
