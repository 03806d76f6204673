"""Right and wrong answers of the six modules about river crossing. Nothing that decides imports it."""

from surefoot.decompose.answer_keys.own_world import world_answers
from surefoot.decompose.referees.river import moves
from surefoot.decompose.tasks.river import River

answers = world_answers(River, moves)
