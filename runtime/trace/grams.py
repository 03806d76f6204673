"""Strategic grams of free-text chains: runs of words that many replies share, whatever they are about.

After HICRA (arXiv 2509.03646): runs of 3 to 5 words, alike ones put together, the fifth that stands in most texts. The
paper puts them together by sentence embeddings; here those are alike that share three words, which needs no model.
Plans that the runtime voted on need none of this: it knows which questions they are.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

SHORTEST, LONGEST = 3, 5
"""Words of a gram."""
TOP_SHARE = 0.2
"""Share of the groups of grams that count as strategic, as published."""
LEAST_SHARE = 0.05
"""Share of the texts that a strategic gram stands in, at least."""
Core = frozenset[str]
"""Three words of a gram: two grams that have them both are taken for one."""
_WORD = re.compile(r"[a-z']+")


def grams_of(text: str) -> Iterator[str]:
    """Yield each run of 3 to 5 words of a text, in lower case; numbers and signs end a run."""
    for stretch in re.split(r"[^a-zA-Z' ]+", text):
        words = _WORD.findall(stretch.lower())
        for length in range(SHORTEST, LONGEST + 1):
            yield from (" ".join(words[first : first + length]) for first in range(len(words) - length + 1))


def mined(texts: Sequence[str], top_share: float = TOP_SHARE, least_share: float = LEAST_SHARE) -> dict[str, int]:
    """Return the strategic grams of some texts, each with the number of texts that have it or one of its group.

    Args:
        texts: Replies in words, of chains that ended well.
        top_share: Share of the groups of grams that is taken, those of most texts first.
        least_share: Groups in fewer than this share of the texts are dropped: few words meet by chance so often.
    """
    found = Counter(gram for text in texts for gram in set(grams_of(text)))
    names = _names({gram: count for gram, count in found.items() if count > 1})
    groups = Counter(name for text in texts for name in {names[gram] for gram in grams_of(text) if gram in names})
    most = sorted(groups, key=lambda name: (-groups[name], name))[: math.ceil(top_share * len(groups))]
    return {name: groups[name] for name in most if groups[name] >= least_share * len(texts)}


def strategies(texts: Iterable[str], grams: Iterable[str]) -> Counter[str]:
    """Count in how many texts each of some grams stands, or one that shares its words with it."""
    known = {gram: frozenset(_cores(gram)) for gram in grams}
    used: Counter[str] = Counter()
    for text in texts:
        there = {core for gram in grams_of(text) for core in _cores(gram)}
        used.update(gram for gram, cores in known.items() if not cores.isdisjoint(there))
    return used


def _names(counts: Mapping[str, int]) -> dict[str, str]:
    """The group of each gram, named by its longest gram in most texts: grams that share words, and what these share."""
    group_of: dict[Core, str] = {}
    parent: dict[str, str] = {}

    def root(gram: str) -> str:
        while parent[gram] != gram:
            gram = parent[gram]
        return gram

    for gram in sorted(counts, key=lambda gram: (-counts[gram], -len(gram), gram)):
        near = {root(group_of[core]) for core in _cores(gram) if core in group_of}
        name = min(near, key=lambda one: (-counts[one], -len(one), one), default=gram)
        parent[gram] = name
        parent.update(dict.fromkeys(near, name))
        group_of.update(dict.fromkeys(_cores(gram), gram))
    return {gram: root(gram) for gram in parent}


def _cores(gram: str) -> Iterator[Core]:
    """Each three words of a gram, in whatever order they stand in it."""
    return (frozenset(words) for words in itertools.combinations(gram.split(), SHORTEST))
