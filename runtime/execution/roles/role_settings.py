"""Settings that a role is asked with: its model, wording, temperatures and lead."""

from collections.abc import Mapping

import msgspec

from surefoot.decompose.step import Dialect, Role
from surefoot.runtime.models.port import Model


class Voter(msgspec.Struct, frozen=True):
    """A model that takes its turn with others, and the dialect it is asked in."""

    model: Model
    dialect: Dialect


class RoleSettings(msgspec.Struct, frozen=True):
    """The model, wording, temperatures and lead that one role is asked with.

    Attributes:
        model: What answers.
        name: Its name, for the cache of answers.
        dialect: Its wording.
        temperature: Of all ballots but, perhaps, the first.
        first_temperature: Of the first ballot.
        k: Lead of the role, or ``None`` for the step's and the run's.
        voters: The models that take turns, ``model`` first; empty where only that one answers.
    """

    model: Model
    name: str
    dialect: Dialect
    temperature: float
    first_temperature: float
    k: int | None = None
    voters: tuple[Voter, ...] = ()


SettingsByRole = Mapping[Role, RoleSettings]
