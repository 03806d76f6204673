"""Worked examples of the modules' questions about digit lists.

They are of the two published problems that are not evaluated, or of five numbers, of which none are.
"""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "Actor": (
        "Current state: A=[0, 1] B=[2] C=[]\nGoal: A=[] B=[] C=[0, 1, 2]\naction = Move 2 from B to C\n"
        "action = Move 1 from A to C",
        "Current state: A=[0, 1] B=[3] C=[2, 4]\nGoal: A=[] B=[] C=[0, 1, 2, 3, 4]\n"
        "Here are five numbers. 0 has to get to C first, so all others have to be in B then. 3 is there too early and "
        "has to leave for A; 4 makes way too.\n"
        "action = Move 4 from C to A\naction = Move 3 from B to A",
        "Current state: A=[1] B=[0] C=[2]\nGoal: A=[] B=[] C=[0, 1, 2]\n"
        "Possible: 1 to B, 2 to A, 2 to B. 0 has to get to C, which 2 is in the way of; on B it would lie on 0.\n"
        "action = Move 2 from C to A\naction = Move 2 from C to B",
    ),
    "Monitor": (
        "Current state: A=[1] B=[0] C=[2]\nProposed action: Move 1 from A to C\n"
        "1 is the rightmost number of A, so rule1 holds. C holds 2, which is larger than 1.\nrule = rule2\n"
        "valid = no\n"
        "Current state: A=[0, 1] B=[2] C=[]\nProposed action: Move 2 from B to C\n"
        "2 is the rightmost number of B, so rule1 holds. C is empty, so rule2 holds.\nvalid = yes",
        "Current state: A=[0, 1] B=[3] C=[2, 4]\nProposed action: Move 2 from C to A\n"
        "Of five numbers, 4 is the rightmost of C, so 2 is not.\nrule = rule1\nvalid = no\n"
        "Current state: A=[0, 1] B=[3] C=[2, 4]\nProposed action: Move 4 from C to B\n"
        "4 is the rightmost number of C: rule1 holds. B has 3, which is smaller than 4: rule2 holds.\nvalid = yes",
        "Current state: A=[1] B=[0] C=[2]\nProposed action: Move 1 from A to B\n"
        "A ends with 1, as rule1 wants it. The only number in B is 0, and 0 is smaller than 1.\nvalid = yes\n"
        "Current state: A=[0, 1] B=[2] C=[]\nProposed action: Move 1 from A to B\n"
        "A ends with 1, as rule1 wants it. The only number in B is 2, and 2 is not smaller than 1.\nrule = rule2\n"
        "valid = no",
    ),
    "Predictor": (
        "Current state: A=[0, 1] B=[2] C=[]\nAction: Move 2 from B to C\nnext_state = A=[0, 1] B=[] C=[2]",
        "Current state: A=[0, 1] B=[3] C=[2, 4]\nAction: Move 4 from C to B\n"
        "Of these five numbers only 4 moves, to the right end of B.\nnext_state = A=[0, 1] B=[3, 4] C=[2]",
        "Current state: A=[1] B=[0] C=[2]\nAction: Move 2 from C to A\n"
        "C loses 2 and is empty; A ends with 2 now; B stays.\nnext_state = A=[1, 2] B=[0] C=[]",
    ),
    "Evaluator": (
        "State: A=[0, 1] B=[2] C=[]\nGoal: A=[] B=[] C=[0, 1, 2]\n"
        "Sum the distances of the numbers to their places; a number whose place is in another list is farther; "
        "numbers that must make way count again.\nsteps = 7",
        "State: A=[1] B=[0] C=[2]\nGoal: A=[] B=[] C=[0, 1, 2]\n"
        "2 from C to A, 0 from B to C, 2 from A to B, 1 from A to C, 2 from B to C: five, and none can be spared.\n"
        "steps = 5",
        "State: A=[1, 2] B=[0] C=[]\nGoal: A=[] B=[] C=[0, 1, 2]\n"
        "All three are in the wrong list: three moves. 2 lies on 1 and has to make way for it: one more.\nsteps = 4",
    ),
    "Orchestrator": (
        "State: A=[1] B=[0] C=[2]\nGoal: A=[] B=[] C=[0, 1, 2]\nA and B are not empty.\nreached = no",
        "State: A=[] B=[] C=[0, 1, 2, 3, 4]\nGoal: A=[] B=[] C=[0, 1, 2, 3, 4]\n"
        "All five numbers are in C in both, the other lists are empty in both.\nreached = yes",
        "State: A=[] B=[2] C=[0, 1]\nGoal: A=[] B=[] C=[0, 1, 2]\nB should be empty and has 2.\nreached = no\n"
        "State: A=[] B=[] C=[0, 1, 2]\nGoal: A=[] B=[] C=[0, 1, 2]\nA, B and C are alike.\nreached = yes",
    ),
    "TaskDecomposer": (
        "Current state: A=[0, 1] B=[2] C=[]\nGoal: A=[] B=[] C=[0, 1, 2]\n"
        "To move 0 from A to C, every number to the right of 0 in A and every number in C that is larger must first be "
        "on the third list, B.\nsubgoal = A=[0] B=[1, 2] C=[]",
        "Current state: A=[0, 1] B=[3] C=[2, 4]\nGoal: A=[] B=[] C=[0, 1, 2, 3, 4]\n"
        "With five numbers too the hardest part is to move 0, the smallest: A must have nothing else then, and C "
        "nothing at all.\nsubgoal = A=[0] B=[1, 2, 3, 4] C=[]",
        "Current state: A=[1] B=[0] C=[2]\nGoal: A=[] B=[] C=[0, 1, 2]\n"
        "0 gets to C before anything else can stay there. Just before that, 1 and 2 are together in A.\n"
        "subgoal = A=[1, 2] B=[0] C=[]",
    ),
    "plan in-context": (
        "Current state: A=[1] B=[0] C=[2]\nGoal: A=[] B=[] C=[0, 1, 2]\naction = Move 2 from C to A\n"
        "action = Move 0 from B to C\naction = Move 2 from A to B\naction = Move 1 from A to C\n"
        "action = Move 2 from B to C",
    ),
    "plan cot": (
        "Current state: A=[1] B=[0] C=[2]\nGoal: A=[] B=[] C=[0, 1, 2]\n"
        "0 must go to C first, so 2 has to leave C; it may lie on 1.\naction = Move 2 from C to A\n"
        "C is empty now: A=[1, 2] B=[0] C=[].\naction = Move 0 from B to C\n"
        "1 is next; 2 lies on it and goes to the empty B.\naction = Move 2 from A to B\n"
        "1 is larger than 0, so it may go to C.\naction = Move 1 from A to C\n"
        "2 is larger than both.\naction = Move 2 from B to C",
    ),
}
"""Worked examples by module, one for each wording; counted round."""
