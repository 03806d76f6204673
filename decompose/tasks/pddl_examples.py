"""Worked examples of the modules' questions about PDDL: two objects of each domain that comes with Surefoot, and a
domain of its own for all others."""

_TOWER = (
    "Current state: the red block is clear; the hand is empty; the red block is on top of the blue block; "
    "the blue block is on the table\n"
)
_CRAVING = "Current state: harmony; object x craves object y; planet object y; province object x\n"
_POST = "Current state: t1 is at depot; p1 is at office; p2 is at depot\n"

EXAMPLES: dict[str, dict[str, str]] = {
    "blocksworld": {
        "Actor": f"{_TOWER}Goal: the blue block is on top of the red block\n"
        "action = unstack the red block from on top of the blue block",
        "Monitor": f"{_TOWER}Proposed action: pick up the blue block\n"
        "pick-up needs the block to be clear, and it is not.\nrule = clear\nvalid = no",
        "Predictor": f"{_TOWER}Action: unstack the red block from on top of the blue block\n"
        "next_state = the hand is holding the red block; the blue block is clear; the blue block is on the table",
        "Evaluator": _TOWER.replace("Current state", "State") + "Goal: the blue block is on top of the red block\n"
        "Unstack red, put it down, pick up blue, stack it.\nsteps = 4",
        "Orchestrator": _TOWER.replace("Current state", "State") + "Goal: the blue block is on top of the red block\n"
        "It is the other way round.\nreached = no",
        "TaskDecomposer": f"{_TOWER}Goal: the blue block is on top of the red block\n"
        "subgoal = the blue block is clear; the blue block is on the table; the hand is empty; the red block is clear; "
        "the red block is on the table",
    },
    "mystery": {
        "Actor": f"{_CRAVING}Goal: object y craves object x\naction = feast object x from object y",
        "Monitor": f"{_CRAVING}Proposed action: attack object y\n"
        "attack needs province object y, which is not among the facts.\nrule = province\nvalid = no",
        "Predictor": f"{_CRAVING}Action: feast object x from object y\n"
        "next_state = pain object x; planet object y; province object y",
        "Evaluator": _CRAVING.replace("Current state", "State") + "Goal: object y craves object x\n"
        "Feast x from y, succumb x, attack y, overcome y from x.\nsteps = 4",
        "Orchestrator": _CRAVING.replace("Current state", "State") + "Goal: object y craves object x\n"
        "Object x craves object y, which is something else.\nreached = no",
        "TaskDecomposer": f"{_CRAVING}Goal: object y craves object x\n"
        "subgoal = harmony; planet object x; planet object y; province object x; province object y",
    },
    "logistics": {
        "Actor": f"{_POST}Goal: p1 is at depot; p2 is at office\n"
        "p2 can travel on the way to p1.\naction = load p2 into truck t1 at depot",
        "Monitor": f"{_POST}Proposed action: load p1 into truck t1 at office\n"
        "load-truck needs t1 to be at office, and it is at depot.\nrule = at\nvalid = no",
        "Predictor": f"{_POST}Action: load p2 into truck t1 at depot\n"
        "next_state = p1 is at office; p2 is in t1; t1 is at depot",
        "Evaluator": _POST.replace("Current state", "State") + "Goal: p1 is at depot; p2 is at office\n"
        "Load p2, drive to office, unload p2, load p1, drive to depot, unload p1.\nsteps = 6",
        "Orchestrator": _POST.replace("Current state", "State") + "Goal: p1 is at office; p2 is at office\n"
        "p1 is there, p2 is at depot.\nreached = no",
        "TaskDecomposer": f"{_POST}Goal: p1 is at depot; p2 is at office\np2 has to travel first.\n"
        "subgoal = p1 is at office; p2 is in t1; t1 is at office",
    },
}
"""Worked examples by domain and module."""

_ELSEWHERE = (
    "In another domain, where (go X Y) needs (at X), makes (at Y) true and (at X) false, and (take T) needs (at shed) "
    "and makes (has T) true:\n"
)

ELSEWHERE: dict[str, str] = {
    "Actor": f"{_ELSEWHERE}Current state: (at house)\nGoal: (has rake)\naction = (go house shed)",
    "Monitor": f"{_ELSEWHERE}Current state: (at house)\nProposed action: (take rake)\n"
    "(take rake) needs (at shed), which is not among the facts.\nrule = at\nvalid = no",
    "Predictor": f"{_ELSEWHERE}Current state: (at house); (has spade)\nAction: (go house shed)\n"
    "next_state = (at shed); (has spade)",
    "Evaluator": f"{_ELSEWHERE}State: (at house)\nGoal: (has rake)\nGo there, take it.\nsteps = 2",
    "Orchestrator": f"{_ELSEWHERE}State: (at shed)\nGoal: (has rake)\nThere is no (has rake) yet.\nreached = no",
    "TaskDecomposer": f"{_ELSEWHERE}Current state: (at house)\nGoal: (has rake)\nsubgoal = (at shed)",
}
"""Worked examples by module, of no domain that is asked about."""
