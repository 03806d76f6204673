"""Measures whether errors that occur together are caught, in runs of a simulated model that plants them.

    python -m surefoot.scripts.benchmarks.correlation                            # about an hour on one core
    python -m surefoot.scripts.benchmarks.correlation --claim hard --runs 6 --disks 12

Every claim has an arm in which what is claimed to help is off; the same measure must fail there. Arms that are not the
claim itself take a third of the runs. See ``scripts/benchmarks/planted.py``.
"""

import argparse
import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from surefoot.scripts.benchmarks.planted import ObservedStep, asked, caught_of, config_of, several
from surefoot.voting.error_rate import clopper_pearson

EASY, HARD, SHARED = "p_error=0.001", "p_error=0.001,p_hard=0.001", "p_error=0.001,p_shared=0.0005"
SAMPLED = 2000
"""Hard steps that are asked one by one."""


def main() -> None:
    """Print one line for each arm of each claim."""
    claims = {"hard": hard, "chance": chance, "shared": shared, "false": false_alarms}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claim", choices=list(claims), action="append")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--disks", type=int, default=12)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for name in given.claim or claims:
        for line in claims[name](given.runs, given.disks):
            print(f"{name:7} {line}", flush=True)


def hard(runs: int, disks: int) -> Iterator[str]:
    """Compare votes on hard steps in chains: wrong verdicts where ballots disagree, and alarms.

    In whole runs, and one by one with the leads and limits that a whole run has at its end.
    """
    chain: dict[str, Any] = {"disks": disks, "strategy": "chain"}
    sequential: dict[str, Any] = {"rule": "sequential", "target": 0.99}
    fixed: dict[str, Any] = {"k": 3, "ladder": False}
    few = -(-runs // 3)
    ends = several(runs, HARD, **chain, **sequential)
    yield _hard("--rule sequential, whole runs", [step for ended in ends for step in ended.steps])
    config = config_of("p_error=0.001,p_hard=0.02", 1, **chain, **sequential)
    yield _hard("the same, one by one", asyncio.run(asked(config, ends[0].leads, "hard", SAMPLED)))
    placebo = several(few, HARD, **chain, **fixed)
    yield _hard("placebo: --k 3 --no-ladder", [step for ended in placebo for step in ended.steps])
    config = config_of("p_error=0.001,p_hard=0.02", 1, **chain, **fixed)
    yield _hard("the same, one by one", asyncio.run(asked(config, placebo[0].leads, "hard", SAMPLED)))
    easy = several(few, EASY, **chain, **sequential)
    yield _hard("placebo: easy steps instead", [step for ended in easy for step in ended.steps], "")


def _hard(name: str, steps: Sequence[ObservedStep], planted: str = "hard") -> str:
    those = [step for step in steps if step.planted == planted]
    disagreed = [step for step in those if step.disputed()]
    long = [step for step in those if step.first_race >= 6 and step.disputed(step.first_race)]
    wrong = sum(not step.right for step in disagreed)
    return (
        f"{name:29} {len(those):,} {planted or 'easy'} steps of {len(steps):,}; where the first two ballots disagree "
        f"{_share(wrong, len(disagreed))} wrong (wanted 1 %); disputed over six or more ballots: "
        f"{_share(sum(step.flagged for step in long), len(long))} raise an alarm (wanted 80 %)"
    )


def chance(runs: int, disks: int) -> Iterator[str]:
    """Count how often seams catch hard steps whose first ballots agree on a wrong answer."""
    profile = "p_error=0.001,p_hard=0.002"
    arms: list[tuple[str, int, dict[str, Any]]] = [
        ("seams", runs, {}),
        ("placebo: --no-seams", -(-runs // 3), {"seams": False, "k": 1}),
    ]
    for name, count, options in arms:
        ends = several(count, profile, disks=disks, **options)
        told = _share(*caught_of(ends, "hard", agreed=True))
        right = sum(ended.valid for ended in ends)
        yield (
            f"{name:29} {told} wrong verdicts that nobody disputed were caught (wanted 95 %); "
            f"{right} of {count} plans right"
        )


def shared(runs: int, disks: int) -> Iterator[str]:
    """Count how often wrong answers that every draw to a prompt shares are caught; votes cannot see them."""
    limits = {"seam_retries": 2, "re_decompositions": 0}
    few = -(-runs // 3)
    arms: list[tuple[str, int, dict[str, Any]]] = [
        ("seams and ladder", runs, {}),
        ("and --fallback-model", few, {"fallback_model": "simulated:p_error=0.01"}),
        ("placebo: --no-ladder", few, {"ladder": False, **limits}),
        ("placebo: --no-seams", few, {"seams": False}),
    ]
    for name, count, options in arms:
        ends = several(count, SHARED, disks=disks, **options)
        rungs = Counter[str]()
        for ended in ends:
            rungs.update(ended.counts.caught)
        told = ", ".join(f"{rung} {times}" for rung, times in rungs.most_common()) or "none"
        alarms = sum(ended.counts.alarms.get("same-wrong-answer", 0) for ended in ends)
        yield (
            f"{name:29} {_share(*caught_of(ends, 'shared'))} caught (wanted 95 %), {alarms} of them called shared; "
            f"put right by: {told}; {sum(ended.valid for ended in ends)} of {count} plans right"
        )


def false_alarms(runs: int, disks: int) -> Iterator[str]:
    """Count runs of independent errors in which any alarm is raised; ``pytest --long tests/voting`` has many more."""
    chain: dict[str, Any] = {"strategy": "chain"}
    few = -(-runs // 10)
    every, raised = 0, 0
    arms: list[tuple[str, int, str, dict[str, Any]]] = [
        ("independent, tree", runs, "p_error=0.002,p_format=0.01", {}),
        ("independent, tree", runs, "p_error=0.02,p_format=0.03", {}),
        ("independent, chain, k = 3", runs, "p_error=0.002,p_format=0.01", {**chain, "k": 3}),
        ("independent, chain, sequential", runs, "p_error=0.01,p_format=0.01", {**chain, "rule": "sequential"}),
        ("placebo: shared, tree", few, "p_error=0.002,p_format=0.01,p_shared=0.001", {}),
        ("placebo: hard, chain, k = 6", few, "p_error=0.002,p_format=0.01,p_hard=0.002", {**chain, "k": 6}),
    ]
    for name, count, profile, options in arms:
        counts = [ended.counts for ended in several(count, profile, look_up=False, disks=disks + 2, **options)]
        kinds = Counter[str]()
        for one in counts:
            kinds.update(one.alarms)
        hit = sum(bool(one.alarms) for one in counts)
        if not name.startswith("placebo"):
            every, raised = every + count, raised + hit
        yield (
            f"{name:29} {profile}: {hit} of {count} runs of {2 ** (disks + 2) - 1:,} steps raise any alarm"
            f"{'; ' if kinds else ''}" + ", ".join(f"{kind} {times}" for kind, times in kinds.most_common())
        )
    yield f"{'independent, all of them':29} {_share(raised, every)} runs raise any alarm (at most 1 %)"


def _share(hits: int, of: int) -> str:
    interval = clopper_pearson(hits, of)
    return f"{hits:,} of {of:,} ({interval.low:.2%} to {interval.high:.2%})"


if __name__ == "__main__":
    main()
