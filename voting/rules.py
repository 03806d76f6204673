"""The table of voting rules: one line for each that ``--rule`` knows by a name of its own."""

from collections.abc import Mapping

from surefoot.voting.first_to import FirstTo
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.looks import Looks
from surefoot.voting.rule import Rule
from surefoot.voting.sequential import Sequential

RULES: Mapping[str, type[Rule]] = {
    "first-to-ahead-by": FirstToAheadBy,
    "first-to": FirstTo,
    "sequential": Sequential,
    "looks": Looks,
}
"""Rules by the name that a run's configuration, and with it the journal, knows them by."""
