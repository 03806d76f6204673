"""Worked examples of the modules' questions about lists of four numbers, for the published variant that shows such.

They are of the two problems (29 and 77) that are then not evaluated.
"""

_FIRST = "A=[0, 1, 2] B=[3] C=[]"
_SECOND = "A=[1, 2] B=[0] C=[3]"
_GOAL = "A=[] B=[] C=[0, 1, 2, 3]"

EXAMPLES_OF_FOUR: dict[str, tuple[str, ...]] = {
    "Actor": (f"Current state: {_FIRST}\nGoal: {_GOAL}\naction = Move 2 from A to C\naction = Move 3 from B to A",),
    "Monitor": (
        f"Current state: {_SECOND}\nProposed action: Move 1 from A to B\n"
        "2 is the rightmost number of A, so 1 is not.\nrule = rule1\nvalid = no\n"
        f"Current state: {_FIRST}\nProposed action: Move 2 from A to B\n"
        "2 is the rightmost number of A, so rule1 holds. B holds 3, which is larger than 2.\nrule = rule2\nvalid = no\n"
        f"Current state: {_SECOND}\nProposed action: Move 3 from C to A\n"
        "3 is the rightmost number of C, so rule1 holds. A holds 1 and 2, both smaller, so rule2 holds.\nvalid = yes",
    ),
    "Predictor": (f"Current state: {_SECOND}\nAction: Move 3 from C to A\nnext_state = A=[1, 2, 3] B=[0] C=[]",),
    "Evaluator": (
        f"State: {_SECOND}\nGoal: {_GOAL}\n3 makes way for 0, 0 goes to C, 3 follows; then 2 and 1 take their turns.\n"
        f"steps = 9\nState: {_FIRST}\nGoal: {_GOAL}\nAll above 0 has to gather in B first, then it is moved again.\n"
        "steps = 14",
    ),
    "Orchestrator": (
        f"State: {_SECOND}\nGoal: {_GOAL}\nA and B are not empty.\nreached = no\n"
        f"State: {_GOAL}\nGoal: {_GOAL}\nA, B and C are alike.\nreached = yes",
    ),
    "TaskDecomposer": (
        f"Current state: {_FIRST}\nGoal: {_GOAL}\n"
        "To move 0 from A to C, 1 and 2 above it must first be on the third list, B, with 3.\n"
        "subgoal = A=[0] B=[1, 2, 3] C=[]",
    ),
    "plan in-context": (
        f"Current state: {_SECOND}\nGoal: {_GOAL}\naction = Move 3 from C to A\naction = Move 0 from B to C\n"
        "action = Move 3 from A to C\naction = Move 2 from A to B\naction = Move 3 from C to B\n"
        "action = Move 1 from A to C\naction = Move 3 from B to A\naction = Move 2 from B to C\n"
        "action = Move 3 from A to C",
    ),
    "plan cot": (
        f"Current state: {_SECOND}\nGoal: {_GOAL}\n0 must go to C first, so 3 has to leave C.\n"
        "action = Move 3 from C to A\naction = Move 0 from B to C\n1 is next: 2 and 3 have to be on B then.\n"
        "action = Move 3 from A to C\naction = Move 2 from A to B\naction = Move 3 from C to B\n"
        "action = Move 1 from A to C\n2 is next, and 3 makes way.\naction = Move 3 from B to A\n"
        "action = Move 2 from B to C\naction = Move 3 from A to C",
    ),
}
"""Worked examples by module, the same in each wording."""
