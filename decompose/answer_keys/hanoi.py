"""Right and plausible wrong replies to Tower of Hanoi questions, read off the prompt's text and nothing else.

For the simulated model, for training the bundled one and for scoring ``surefoot measure``. Nothing that decides
imports it. Where a prompt lacks a fact, every answer that some value of the fact would make right is listed.
"""

import json
import re

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.micro import micro_answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.hanoi import MoveFacts
from surefoot.decompose.tasks.hanoi_chat import move as chat_move
from surefoot.decompose.tasks.hanoi_chat import pegs as chat_pegs
from surefoot.decompose.tasks.hanoi_chat import prompt as chat_prompt
from surefoot.decompose.tasks.hanoi_states import illegal, moved, words

_PAIRS = ["ab", "ac", "ba", "bc", "ca", "cb"]


class _Asked(msgspec.Struct, frozen=True):
    """What a prompt says: a missing fact is ``None``."""

    kind: str
    state: str | None
    direction: str | None = None
    previous: str | None = None
    goal: str | None = None
    states_next: bool = True
    count: int = 1


def answers(prompt: Prompt) -> Answers:
    """Return all right and wrong replies to a Tower of Hanoi question, in the prompt's own dialect.

    Raises:
        ValueError: The text is not a question about this puzzle.
    """
    if prompt.raw:
        return micro_answers(prompt)
    chat = bool(prompt.system)
    asked = _read_chat(prompt) if chat else _read_compact(prompt.user)
    if asked.state is None:
        # Nothing to go by: any move of the smallest disk from a tower is as good as another.
        asked = msgspec.structs.replace(asked, state="aaa")
    right, wrong = _split(asked) if asked.kind == "split" else _moves(asked)
    say = _say_chat if chat else _say_compact
    said = tuple(dict.fromkeys(say(asked, one) for one in right))
    # Compared as text: two answers that differ in the state alone are one where no state is asked for.
    wrongs = tuple(one for one in dict.fromkeys(say(asked, one) for one in wrong) if one not in said)
    if asked.count == 1:
        return Answers(said, wrongs)
    return Answers(said, wrongs, count=asked.count, follow=_follow)


def _follow(prompt: Prompt, answer: str) -> Prompt:
    """The prompt that would ask for the step after an answer alone, in the state that the answer stated."""
    chat = bool(prompt.system)
    asked = _read_chat(prompt) if chat else _read_compact(prompt.user)
    way, before = asked.direction or "cw", asked.state or "aaa"
    if chat:
        said = re.search(r"move = \[(\d+), (\d), (\d)\]", answer)
        assert said is not None
        move, stated = _compact_move(said), re.search(r"next_state = (.*)", answer)
        state = _letters(json.loads(stated[1])) if stated else moved(before, move)
        return chat_prompt("move", MoveFacts(way, move, state, asked.states_next))
    move, *rest = answer.split(" ")
    state = "".join(rest) or moved(before, move)
    return Prompt(f"move{'' if asked.states_next else '-only'} {way} {move} {words(state)}")


_Parts = tuple[tuple[str, str], ...]
"""Moves, or a split's sub-goals, each with the state after it."""


def _moves(asked: _Asked) -> tuple[list[_Parts], list[_Parts]]:
    state = asked.state or ""
    every = [f"{disk}{peg}{to}" for disk, peg in enumerate(state, 1) for to in "abc" if to != peg]
    legal = [move for move in every if not illegal(state, move)]
    right = ([asked.goal] if asked.goal else legal) if asked.kind == "carry" else _by_strategy(asked, legal)
    sound: list[_Parts] = [((move, moved(state, move)),) for move in right]
    blocked = [move for move in every if move not in legal]
    wrong: list[_Parts] = [((move, moved(state, move)),) for move in legal + blocked[:2]]
    for ((move, reached),) in sound:
        # Slips of the copying hand: the moved disk, or the largest one, ends on another peg.
        other = next(peg for peg in "abc" if peg not in move)
        wrong.append(((move, moved(reached, move[:-1] + other)),))
        wrong.append(((move, reached[:-1] + "bca"["abc".index(reached[-1])]),))
    return sound, wrong


def _by_strategy(asked: _Asked, legal: list[str]) -> list[str]:
    peg = (asked.state or "a")[0]
    turns = {"cw": f"1{peg}{'bca'['abc'.index(peg)]}", "ccw": f"1{peg}{'cab'['abc'.index(peg)]}"}
    of_one = [turns[asked.direction]] if asked.direction else list(turns.values())
    others = [move for move in legal if move[:-2] != "1"]
    if asked.previous is None:
        return of_one + others
    return others if asked.previous[:-2] == "1" and others else of_one


def _split(asked: _Asked) -> tuple[list[_Parts], list[_Parts]]:
    goals = [asked.goal] if asked.goal else [f"2{pair}" for pair in _PAIRS]
    right = [_split_of(asked.state or "", goal) for goal in goals]
    (goal, slip), last = right[0][1], right[0][2]
    wrong: list[_Parts] = [
        _split_of(asked.state or "", goal[:-2] + goal[-1] + goal[-2]),
        (right[0][0], (goal, goal[-1] + slip[1:]), last),
        (*right[0][:2], (last[0], goal[-2] + last[1][1:])),
    ]
    return right, wrong


def _split_of(state: str, goal: str) -> _Parts:
    disk, source, target = int(goal[:-2]), goal[-2], goal[-1]
    aside = next(peg for peg in "abc" if peg not in (source, target))
    below, rest = disk - 1, state[disk:]
    return (
        (f"{below}{source}{aside}", aside * below + source + rest),
        (goal, aside * below + target + rest),
        (f"{below}{aside}{target}", target * disk + rest),
    )


def _say_compact(asked: _Asked, parts: _Parts) -> str:
    return " / ".join(move + (f" {words(state)}" if asked.states_next else "") for move, state in parts)


def _say_chat(asked: _Asked, parts: _Parts) -> str:
    if asked.kind == "split":
        names = (("tower_1", "state_1"), ("disk", "state_2"), ("tower_2", "state_3"))
        said = zip(names, parts, strict=True)
        return "\n".join(f"{a} = {chat_move(goal)}\n{b} = {chat_pegs(state)}" for (a, b), (goal, state) in said)
    ((move, state),) = parts
    after = f"\nnext_state = {chat_pegs(state)}" if asked.states_next else ""
    return f"The next move follows from the strategy.\nmove = {chat_move(move)}{after}"


def _read_compact(text: str) -> _Asked:
    kind, *facts = text.split(" ")
    states_next = not kind.endswith("-only")
    kind = kind.removesuffix("-only")
    count = 1
    if kind == "moves":
        kind, count, facts = "move", int(facts[0]), facts[1:]
    if kind not in ("move", "carry", "split"):
        raise ValueError("not a question about Tower of Hanoi")
    state = "".join(word for word in facts if word.strip("abc") == "") or None
    way = next((word for word in facts if word in ("cw", "ccw")), None)
    move = next((word for word in facts if word == "-" or word[0].isdigit()), None)
    if kind == "move":
        return _Asked(kind, state, way, move, states_next=states_next, count=count)
    return _Asked(kind, state, goal=move, states_next=states_next)


def _read_chat(prompt: Prompt) -> _Asked:
    text = prompt.user
    found = re.search(r"Current state: (\[\[.*\]\])", text)
    state = _letters(json.loads(found.group(1))) if found else None
    only = "next_state" not in prompt.system
    goal = re.search(r"Split this goal: move the (\d+) smallest disks from peg (\d) to peg (\d)", text)
    if goal:
        return _Asked("split", state, goal=_compact_move(goal))
    goal = re.search(r"Move disk (\d+) from peg (\d) to peg (\d)\.", text)
    if goal:
        return _Asked("carry", state, goal=_compact_move(goal), states_next=not only)
    several = re.search(r"Make the next (\d+) moves", text)
    if several is None and "Make the next move" not in text:
        raise ValueError("not a question about Tower of Hanoi")
    way = "ccw" if "counter-clockwise" in text else "cw" if "clockwise" in text else None
    done = re.search(r"Previous move: (?:none|\[(\d+), (\d), (\d)\])", text)
    previous = None if done is None else _compact_move(done) if done[1] else "-"
    return _Asked("move", state, way, previous, None, not only, int(several[1]) if several else 1)


def _letters(lists: list[list[int]]) -> str:
    where = {disk: "abc"[i] for i, peg in enumerate(lists) for disk in peg}
    return "".join(where[disk] for disk in sorted(where))


def _compact_move(found: re.Match[str]) -> str:
    return f"{found[1]}{'abc'[int(found[2])]}{'abc'[int(found[3])]}"
