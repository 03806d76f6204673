"""Answers that were kept are told from answers that were drawn; placebos are servers that draw."""

import random

import msgspec
import pytest

from surefoot.runtime.models.copies import KEPT, SUSPICIOUS_DRAWS, SUSPICIOUS_PROMPTS, CopyDetector, Sameness
from surefoot.runtime.models.port import Reply
from tests.runtime.models.asking import Make, request_of
from tests.runtime.models.openai_server import Client


def ask(detector: CopyDetector, prompt: str, identity: str, text: str) -> bool:
    return detector.receive(prompt, identity, (text,), heated=True)


def test_the_same_completion_twice_is_a_copy() -> None:
    detector = CopyDetector()
    assert not ask(detector, "a", "id-1", "yes")
    assert not ask(detector, "b", "id-2", "yes")
    assert ask(detector, "a", "id-1", "yes")
    assert ask(detector, "b", "id-2", "yes")
    assert not ask(detector, "a", "id-3", "yes")  # the same words under another id were drawn again
    assert detector.counts.copied == 2
    assert detector.counts.suspicious


def test_placebo_ids_that_are_always_the_same_say_nothing() -> None:
    detector = CopyDetector()
    assert not any(ask(detector, prompt, "1", "yes") for prompt in "aabbccaa")
    assert detector.counts.copied == 0


def test_placebo_a_server_without_ids() -> None:
    detector = CopyDetector()
    assert not any(ask(detector, prompt, "", "yes") for prompt in "aabbccaa")


@pytest.mark.parametrize(("share", "suspicious"), [(0.0, True), (0.03, False)])
def test_replies_that_never_differ_where_many_were_wanted_are_told_of(share: float, suspicious: bool) -> None:
    """A model that errs in 3 % of its draws is not taken for a cache, one that answers always alike is."""
    detector, dice = CopyDetector(), random.Random(7)
    for number in range(SUSPICIOUS_PROMPTS):
        for _ in range(SUSPICIOUS_DRAWS + 2):
            ask(detector, str(number), "", "wrong" if dice.random() < share else "right")
    counts = detector.counts
    assert counts.prompts == SUSPICIOUS_PROMPTS
    assert (counts.differing == 0) is suspicious
    assert counts.suspicious is suspicious


@pytest.mark.parametrize(("text", "suspicious"), [("", False), (" \n", False), ("no", True)])
def test_replies_that_say_nothing_are_no_copies(text: str, suspicious: bool) -> None:
    """Empty replies, as of a server that answers by tool calls, are alike without a cache in between."""
    detector = CopyDetector()
    for number in range(SUSPICIOUS_PROMPTS * SUSPICIOUS_DRAWS):
        ask(detector, str(number // SUSPICIOUS_DRAWS), "", text)
    assert detector.counts.suspicious is suspicious


def test_few_draws_a_prompt_prove_nothing() -> None:
    detector = CopyDetector()
    for number in range(1000):
        for _ in range(SUSPICIOUS_DRAWS - 1):
            ask(detector, str(number), "", "right")
    assert detector.counts.prompts == 1000
    assert not detector.counts.suspicious


def test_at_temperature_0_replies_are_expected_to_be_alike() -> None:
    detector = CopyDetector()
    for number in range(2 * SUSPICIOUS_PROMPTS):
        for _ in range(10):
            detector.receive(str(number), "", ("right",), heated=False)
    assert not detector.counts.suspicious


def test_what_is_remembered_is_bounded() -> None:
    detector = CopyDetector()
    for number in range(KEPT + 100):
        ask(detector, str(number), f"id-{number}", "yes")
    assert len(detector._prompts) == len(detector._received) == KEPT


async def test_copies_of_a_cache_are_marked_whatever_the_seed(make: Make, server: Client) -> None:
    server.script("id:chatcmpl-aa", "id:chatcmpl-bb", "id:chatcmpl-aa", "id:chatcmpl-cc")
    model, marked = make(), []
    for draw, user in enumerate("abaa"):
        request = msgspec.structs.replace(request_of(user=user), draws=(draw,))
        (reply,) = await model.ask(request)
        marked.append(reply.copied)
    assert marked == [False, False, True, False]
    assert model.sameness().copied == 1


async def test_a_server_whose_replies_never_differ_is_told_of_once(make: Make, server: Client) -> None:
    said: list[str] = []
    waits: list[str] = []
    model = make(on_wait=waits.append, on_fact=said.append)
    for number in range(SUSPICIOUS_PROMPTS):
        await model.ask(request_of(SUSPICIOUS_DRAWS, user=str(number)))
    await model.ask(request_of(user="another"))
    assert ["never differ" in line for line in said] == [True]
    assert waits == [], "nothing is waited for"
    assert model.sameness().insistent == SUSPICIOUS_PROMPTS


@pytest.mark.parametrize(
    ("copied", "said"),
    [(1, "1 reply is a copy of an earlier one: a cache"), (1200, "1,200 replies are copies of earlier ones: a cache")],
)
def test_copies_are_counted_in_words(copied: int, said: str) -> None:
    assert Sameness(copied=copied).sentence.startswith(said)


async def test_each_draw_has_a_seed_of_its_own_and_caches_are_asked_to_stand_aside(make: Make, server: Client) -> None:
    model = make()
    await model.ask(msgspec.structs.replace(request_of(), draws=(7,)))
    await model.ask(msgspec.structs.replace(request_of(), draws=(8,)))
    await model.ask(msgspec.structs.replace(request_of(), draws=(7,)))
    stats = server.stats()
    seeds = [body["seed"] for body in stats["seen"]]
    assert seeds[0] != seeds[1]
    assert seeds[0] == seeds[2]  # asked again after a crash, a draw is the same draw
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert all("no-cache" in headers["Cache-Control"] for headers in stats["headers"])


async def test_draws_that_are_asked_for_one_by_one_have_seeds_of_their_own(make: Make, server: Client) -> None:
    server.script("always_reject_n")
    assert len(await make().ask(request_of(4))) == 4
    seeds = [body["seed"] for body in server.stats()["seen"] if "n" not in body]
    assert len(set(seeds)) == 4


def test_a_reply_is_no_copy_unless_it_says_so() -> None:
    assert not Reply("x").copied
