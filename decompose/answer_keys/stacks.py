"""Right and wrong answers of the six modules about blocks in stacks. Nothing that decides imports it."""

from surefoot.decompose.answer_keys.own_world import world_answers
from surefoot.decompose.referees.stacks import moves
from surefoot.decompose.tasks.stacks import Stacks

answers = world_answers(Stacks, moves)
