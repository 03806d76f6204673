"""Planted phrases are found again; their entropy tells one way from eight, which that of single words does not."""

import random
from collections import Counter

from surefoot.runtime.trace.class_tally import entropy
from surefoot.runtime.trace.grams import grams_of, mined, strategies

PHRASES = (
    "let us split this into cases", "working backwards from the goal", "suppose the opposite were true",
    "we check the smallest case first", "let me try another approach", "by symmetry we may assume",
    "this reduces to the earlier part", "we count it in two ways",
)  # fmt: skip
WORDS = [
    "sum",
    "term",
    "number",
    "digit",
    "carry",
    "left",
    "right",
    "add",
    "take",
    "value",
    "root",
    "edge",
    "line",
    "area",
    "time",
    "rate",
    "red",
    "blue",
    "green",
    "north",
    "water",
    "apple",
    "table",
    "river",
    "cloud",
    "paper",
    "metal",
    "stone",
    "glass",
    "wheel",
]


def corpus(ways: int, texts: int = 160) -> list[str]:
    """Replies that each use one of so many phrases between words that say nothing."""
    dice = random.Random(ways)
    made = []
    for number in range(texts):
        parts = [" ".join(dice.choices(WORDS, k=6)) for _ in range(3)]
        parts.insert(dice.randrange(3), PHRASES[number % ways])
        made.append(f"{'. '.join(parts)}. {dice.randrange(99)}.")
    return made


def test_a_gram_is_a_run_of_words_that_no_number_or_sign_ends() -> None:
    assert sorted(grams_of("One two THREE four, five 6 seven")) == [
        "one two three",
        "one two three four",
        "two three four",
    ]


def test_planted_phrases_are_found_and_nothing_else() -> None:
    found = list(mined(corpus(8)))
    of_phrase = {gram: [phrase for phrase in PHRASES if gram in phrase] for gram in found}
    assert sum(bool(phrases) for phrases in of_phrase.values()) >= 0.8 * len(found)
    assert len({phrase for phrases in of_phrase.values() for phrase in phrases}) >= 0.8 * len(PHRASES)


def bits(ways: int, grams: list[str] | None = None) -> float:
    texts = corpus(ways)
    return entropy(strategies(texts, mined(texts) if grams is None else grams))


def test_entropy_of_phrases_tells_one_way_from_eight_and_entropy_of_words_does_not() -> None:
    assert bits(8) > 2.5 > 0.5 > bits(1)
    words = [entropy(Counter(" ".join(corpus(ways)).split())) for ways in (1, 8)]
    assert abs(words[1] - words[0]) < 0.15 * words[0]


def test_grams_by_chance_tell_nothing() -> None:
    """The placebo: as many runs of words drawn from the texts."""
    dice = random.Random(3)
    drawn = [dice.sample(sorted({gram for text in corpus(ways) for gram in grams_of(text)}), 9) for ways in (1, 8)]
    assert abs(bits(1, drawn[0]) - bits(8, drawn[1])) < 1


def test_texts_without_words_have_no_phrases() -> None:
    assert mined(["1ab aab", "42"] * 9) == {}
    assert mined([]) == {}
