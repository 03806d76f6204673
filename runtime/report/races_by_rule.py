"""The races of a run by what decided them: while a run learns, races of one lead are decided by one rule after another.

A journal says which rule decided a race whose ballots disagreed, or of which one was spoiled. Of races whose ballots
all agreed it holds the answer and the lead only. Which rule they were held under changes neither their length nor how
likely it was; but the share of races that disagree under a rule is what its bound rests on. As the first ballots of a
race do not depend on its rule, as large a share of all races disagreed under each: so races of which only the lead is
known are shared out among the rules of their lead as the disputed races are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from surefoot.runtime.report.gather import Gathered
from surefoot.voting.certificate import Group


def races_by_rule(found: Gathered, keys: Iterable[tuple[str, int]]) -> dict[Group, Counter[int]]:
    """Return how many races had how many unspoiled ballots, by lead or by the other rule that decided them.

    Args:
        found: What a journal says.
        keys: Parts and leads of ``found.standing`` that are asked for.
    """
    races: dict[Group, Counter[int]] = {}
    for part, lead in keys:
        known: dict[Group, Counter[int]] = {}
        known.update(found.by_rule.get((part, lead), {}).items())
        plain = Counter(found.standing[part, lead])
        for lengths in known.values():
            plain.subtract(lengths)
        agreed = plain.pop(lead, 0)
        groups = known | ({lead: +plain} if +plain or not known else {})
        disputed = {
            group: sum(n for length, n in lengths.items() if length > lead) for group, lengths in groups.items()
        }
        for group, number in _shared_out(agreed, disputed).items():
            mine = races.setdefault(group, Counter())
            mine.update(groups[group])
            mine[lead] += number
    return races


def _shared_out(number: int, weights: Mapping[Group, int]) -> dict[Group, int]:
    """Share a number out in whole parts as the weights are; all to the first where none has any weight."""
    whole, told, given = sum(weights.values()), 0, 0
    parts = dict.fromkeys(weights, 0)
    if not whole:
        return parts | {next(iter(parts)): number}
    for group, weight in weights.items():
        told += weight
        parts[group] = number * told // whole - given
        given += parts[group]
    return parts
