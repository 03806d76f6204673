"""One step of a small tower, and replies to it."""

from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.hanoi import Hanoi, MoveFacts
from surefoot.runtime.models.port import Reply, Stop

TASK = Hanoi(disks=3)
STEP = Step("move", Role.ACTOR, MoveFacts("ccw", "1ac", "caa"), max_reply_tokens=10)
A, B, C = "2ab cba", "1ca aaa", "1cb baa"  # three legal moves, rightly done; A is right
ILLEGAL, INCONSISTENT = "2ac cca", "2ab cca"
FLAGGED = {
    "misformatted": Reply("2ab", tokens_out=1),
    "illegal": Reply(ILLEGAL, tokens_out=2),
    "inconsistent": Reply(INCONSISTENT, tokens_out=2),
    "overlong": Reply(A, tokens_out=10),
    "refused": Reply(A, Stop.REFUSED, tokens_out=2),
    "copied": Reply(A, tokens_out=2, copied=True),
}
