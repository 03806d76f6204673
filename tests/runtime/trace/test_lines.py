"""Lines give back what they were made of, in the forms that trainers document."""

import json
from typing import Any

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.trace.examples import Example, Message, Pair, Provenance
from surefoot.runtime.trace.journal_events import events_of
from surefoot.runtime.trace.lines import EVENTS_A_LINE, graphs_of, line_of, read_graphs
from tests.runtime.trace.random_runs import RULE, RandomRun

ORIGIN: dict[str, Any] = {"run": "r-1", "task": "hanoi", "model": "m", "settings": {"k": "2"}}
PLACE = Provenance("r-1", "hanoi", "m", {}, "0", "run", 0, 0, "move", "Actor", "execution", "t", "p", (1, 4), {}, True)
TALK = (
    Message("system", "be exact"),
    Message("user", "move?"),
    Message("assistant", "bad"),
    Message("user", "[discarded as illegal: no]"),
    Message("assistant", "good", train=True, weight=1.0),
    Message("user", "and now?"),
    Message("assistant", "better", train=True, weight=1.0),
)


def decoded(told: Any, form: Any) -> list[Any]:
    return [json.loads(line) for line in line_of(told, form)]


@pytest.mark.parametrize("seeds", [range(60), pytest.param(range(60, 1060), marks=pytest.mark.long)])
def test_random_runs_come_back_from_their_lines_as_they_were(seeds: range) -> None:
    for seed in seeds:
        events = list(events_of(RandomRun(seed).journal, RULE))
        lines = [line for graph in graphs_of(ORIGIN, events) for line in line_of(graph, "events")]
        assert [event for graph in read_graphs(lines) for event in graph.events] == events, seed


def test_a_long_run_is_several_lines_that_each_say_where_they_are_from() -> None:
    journal = next(run.journal for run in map(RandomRun, range(99)) if len(run.happened.questions) > 30)
    events = list(events_of(journal, RULE)) * 9
    graphs = list(graphs_of(ORIGIN, events))
    assert [len(graph.events) for graph in graphs[:-1]] == [EVENTS_A_LINE] * (len(graphs) - 1)
    assert {graph.run for graph in graphs} == {"r-1"}
    assert len(graphs) > 1


@pytest.mark.parametrize("line", ['{"run": 1}', "[]", "", '{"run":"", "gold": 1}', "[" * 9000])
def test_a_line_that_is_no_graph_is_named(line: str) -> None:
    with pytest.raises(ConfigurationError, match="line 1 is no stretch of an event graph"):
        list(read_graphs([line]))


def test_nothing_from_outside_of_the_run_can_stand_in_an_event() -> None:
    line = json.dumps({**ORIGIN, "events": [{"id": 0, "what": "question", "gold": "the answer"}]})
    with pytest.raises(ConfigurationError, match="gold"):
        list(read_graphs([line]))


def test_a_conversation_for_axolotl_has_a_mask_for_each_message() -> None:
    (line,) = decoded(Example(TALK, PLACE, ("p",)), "chat")
    assert [message["train"] for message in line["messages"]] == [False] * 4 + [True, False, True]
    assert [message["role"] for message in line["messages"][:3]] == ["system", "user", "assistant"]
    assert line["provenance"]["run"] == "r-1"
    assert "scores" not in line


def test_a_conversation_for_trl_is_a_line_for_each_reply_that_is_learned() -> None:
    first, second = decoded(Example(TALK, PLACE, ("p",)), "trl")
    assert first["completion"] == [{"role": "assistant", "content": "good"}]
    assert [one["content"] for one in first["prompt"]][-2:] == ["bad", "[discarded as illegal: no]"]
    assert second["completion"] == [{"role": "assistant", "content": "better"}]
    assert len(second["prompt"]) == 6
    assert all(set(message) == {"role", "content"} for message in second["prompt"])


def test_replies_with_scores_are_written_whether_they_are_learned_or_not() -> None:
    (line,) = decoded(Example(TALK[:3], PLACE, ("p",), {"reward": 0.0}), "trl")
    assert (line["completion"][0]["content"], line["scores"]) == ("bad", {"reward": 0.0})


def test_pairs_are_written_as_each_trainer_reads_them() -> None:
    pair = Pair(TALK[:2], "good", "bad", "illegal", PLACE)
    (trl,) = decoded(pair, "trl")
    assert (trl["chosen"], trl["rejected"]) == (
        [{"role": "assistant", "content": "good"}],
        [{"role": "assistant", "content": "bad"}],
    )
    assert [one["role"] for one in trl["prompt"]] == ["system", "user"]
    (chat,) = decoded(pair, "chat")
    assert chat["chosen"] == {"role": "assistant", "content": "good"}
    assert chat["messages"] == trl["prompt"]
    assert chat["why"] == "illegal"
