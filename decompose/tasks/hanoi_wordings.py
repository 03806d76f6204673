"""The texts in which Tower of Hanoi is put to instruction models: three wordings, alike in facts and in answer form.

Wording 0 follows the published prompt (MAKER, arXiv 2511.09030, sect. 4). The others say the same in another order and
in other words, with another example, so that a mistake that one wording invites is not invited by the next. What
changes from step to step comes last in each, so that a server's prefix cache holds all that comes before.

``{n}`` is the number of disks. The worked examples have three disks, or four where the puzzle itself has three:
``{more}`` is then the largest disk, which no example moves.
"""

import msgspec


class Wording(msgspec.Struct, frozen=True):
    """One way to put Tower of Hanoi questions to an instruction model.

    Attributes:
        rules: The puzzle, how a state and a move are written.
        move_format: Form of the answer to a move, with a worked example.
        move_only_format: The same where no next state is asked for.
        split_format: Form of the answer to a decomposition, with a worked example.
        strategy: Which move comes next; ``{way}`` and ``{cycle}`` say where disk 1 goes.
        move: The facts of a move: ``{previous}`` and ``{state}``.
        carry: The facts of a carry: ``{disk}``, ``{source}``, ``{target}`` and ``{state}``.
        split: How a tower is taken apart, and the facts of a decomposition.
    """

    rules: str
    move_format: str
    move_only_format: str
    split_format: str
    strategy: str
    move: str
    carry: str
    split: str


_SPLIT_LINES = """\
tower_1 = [number of disks, from peg, to peg]
state_1 = [[...], [...], [...]]
disk = [disk, from peg, to peg]
state_2 = [[...], [...], [...]]
tower_2 = [number of disks, from peg, to peg]
state_3 = [[...], [...], [...]]
"""

PUBLISHED = Wording(
    rules="""\
You are solving the Tower of Hanoi puzzle. There are three pegs, numbered 0, 1 and 2, and {n} disks, numbered 1 \
(the smallest) to {n} (the largest).
- Only one disk is moved at a time.
- Only the top disk of a peg can be moved.
- A larger disk may never be placed on a smaller disk.
A state is written as three lists, for pegs 0, 1 and 2, each from bottom to top. \
With 3 disks on peg 0 it is [[3, 2, 1], [], []].
A move is written as [disk, from peg, to peg].""",
    move_format="""\
End your answer with exactly these two lines:
move = [disk, from peg, to peg]
next_state = [[...], [...], [...]]
Example: in the state [[{more}3], [2], [1]], after the move [2, 0, 1], the answer is
move = [1, 2, 1]
next_state = [[{more}3], [2, 1], []]
if disk 1 goes from peg 2 to peg 1.""",
    move_only_format="""\
End your answer with exactly this line:
move = [disk, from peg, to peg]
Example: in the state [[{more}3], [2], [1]], after the move [2, 0, 1], the answer is
move = [1, 2, 1]
if disk 1 goes from peg 2 to peg 1.""",
    split_format="""\
End your answer with exactly these six lines, the three sub-goals and the state that each leads to. A sub-goal is \
[number of disks in the tower, from peg, to peg] for towers and [disk, from peg, to peg] for the single disk:
"""
    + _SPLIT_LINES
    + """\
Example: to move the 2 smallest disks from peg 0 to peg 2 in the state [[{more}3, 2, 1], [], []]:
tower_1 = [1, 0, 1]
state_1 = [[{more}3, 2], [1], []]
disk = [2, 0, 2]
state_2 = [[{more}3], [1], [2]]
tower_2 = [1, 1, 2]
state_3 = [[{more}3], [], [2, 1]]""",
    strategy="""\
Strategy: if the previous move did not move disk 1, move disk 1 one peg {way}, that is, {cycle}. If the previous \
move did move disk 1, make the only legal move that does not involve disk 1. If there is no previous move, move \
disk 1.""",
    move="Previous move: {previous}\nCurrent state: {state}\n\nMake the next move.",
    carry="Current state: {state}\n\nMove disk {disk} from peg {source} to peg {target}.",
    split="""\
To move the {disk} smallest disks from one peg to another: first move the tower of all of them but the largest to \
the third peg, then move the largest, then move the smaller tower on top of it.

Current state: {state}

Split this goal: move the {disk} smallest disks from peg {source} to peg {target}.""",
)

PLAIN = Wording(
    rules="""\
Below is one position of a Tower of Hanoi with {n} disks and three pegs. Disk 1 is the smallest and disk {n} the \
largest; the pegs are called 0, 1 and 2.
How it is written: a position is a list of three lists, one for each peg in the order 0, 1, 2. The first number in a \
peg's list is the disk at its bottom, the last number is its top disk. An empty list is an empty peg.
What is allowed: take the top disk of one peg and put it on top of another peg, unless that peg's top disk is smaller \
than it. Nothing else ever changes.
[d, x, y] stands for taking disk d from peg x to peg y.""",
    move_format="""\
Explain briefly, then write the move and the position after it as the last two lines, in this form:
move = [d, x, y]
next_state = [[...], [...], [...]]
For instance, if disk 1 had just been moved and the position was [[{more}3, 2], [], [1]], only disk 2 could go \
anywhere but on disk 1, and the last two lines would be
move = [2, 0, 1]
next_state = [[{more}3], [2], [1]]""",
    move_only_format="""\
Explain briefly, then write the move as the last line, in this form:
move = [d, x, y]
For instance, if disk 1 had just been moved and the position was [[{more}3, 2], [], [1]], only disk 2 could go \
anywhere but on disk 1, and the last line would be
move = [2, 0, 1]""",
    split_format="""\
Explain briefly, then write the three parts of the plan as the last six lines, each part followed by the position that \
it ends in. A tower is [how many disks, x, y], the single disk is [d, x, y]:
"""
    + _SPLIT_LINES
    + """\
For instance, for the 2 smallest disks from peg 2 to peg 1 in the position [[{more}3], [], [2, 1]]:
tower_1 = [1, 2, 0]
state_1 = [[{more}3, 1], [], [2]]
disk = [2, 2, 1]
state_2 = [[{more}3, 1], [2], []]
tower_2 = [1, 0, 1]
state_3 = [[{more}3], [2, 1], []]""",
    strategy="""\
Moves alternate. Every first, third, fifth move and so on is disk 1's: it goes {way}, {cycle}. Every move in between \
is made with another disk, and exactly one such move is allowed. So look at the previous move: if it was disk 1's, it \
is another disk's turn; if it was another disk's, or there was none, it is disk 1's turn.""",
    move="Current state: {state}\nPrevious move: {previous}\n\nMake the next move.",
    carry="Current state: {state}\n\nWrite the position after this move. Move disk {disk} from peg {source} "
    "to peg {target}.",
    split="""\
A tower is moved in three parts. All its disks but the largest go out of the way, to the peg that is neither its start \
nor its end. Then the largest disk goes across. Then the others follow, onto the largest.

Current state: {state}

Split this goal: move the {disk} smallest disks from peg {source} to peg {target}.""",
)

CAREFUL = Wording(
    rules="""\
You carry out one step of a long procedure on three stacks of disks, and every step has to be right. The stacks are \
pegs 0, 1 and 2. The {n} disks have the numbers 1 to {n}; a higher number is a larger disk.
A state lists, for peg 0, then peg 1, then peg 2, the disks on it from the lowest to the highest place, so the last \
number of a list is the disk that can be taken. [] is a peg without disks.
A disk can be taken only if it is the last of its list, and put only on an empty peg or on a larger disk.
[disk, from peg, to peg] names a move.""",
    move_format="""\
First name the top disk of each peg, then say which disk moves and why. Then close with these two lines and nothing \
after them:
move = [disk, from peg, to peg]
next_state = [[...], [...], [...]]
So from [[{more}3, 1], [2], []], after the move [2, 0, 1], with disk 1 due to go from peg 0 to peg 1, the close is
move = [1, 0, 1]
next_state = [[{more}3], [2, 1], []]""",
    move_only_format="""\
First name the top disk of each peg, then say which disk moves and why. Then close with this line and nothing after it:
move = [disk, from peg, to peg]
So from [[{more}3, 1], [2], []], after the move [2, 0, 1], with disk 1 due to go from peg 0 to peg 1, the close is
move = [1, 0, 1]""",
    split_format="""\
First name the peg that is neither the start nor the end. Then close with these six lines and nothing after them: \
three sub-goals, and below each the state when it is done. Towers are written [number of disks, from peg, to peg], the \
disk between them [disk, from peg, to peg]:
"""
    + _SPLIT_LINES
    + """\
So for the 2 smallest disks from peg 1 to peg 0, from [[{more}3], [2, 1], []], the close is
tower_1 = [1, 1, 2]
state_1 = [[{more}3], [2], [1]]
disk = [2, 1, 0]
state_2 = [[{more}3, 2], [], [1]]
tower_2 = [1, 2, 0]
state_3 = [[{more}3, 2, 1], [], []]""",
    strategy="""\
How the disk is chosen: was disk 1 moved in the previous move? If it was, leave it where it is. Compare the top disks \
of the two other pegs (an empty peg counts as larger than any disk) and move the smaller one onto the other peg. If it \
was not, or if nothing was moved before, move disk 1 one place {way}: {cycle}.""",
    move="Previous move: {previous}\nCurrent state: {state}\n\nMake the next move, and only that one.",
    carry="The disk to move lies on top of its peg.\n\nCurrent state: {state}\n\nMove disk {disk} from peg {source} "
    "to peg {target}.",
    split="""\
Only three sub-goals lead there: the disks above the largest of them move together to the spare peg; the largest moves \
to its end; the disks on the spare peg move together onto it. Larger disks than these stay where they are.

Current state: {state}

Split this goal: move the {disk} smallest disks from peg {source} to peg {target}.""",
)

WORDINGS = (PUBLISHED, PLAIN, CAREFUL)
