"""Worked examples of the modules' questions about castles that are not the one asked about."""

_ELSEWHERE = "In another castle room 1 is connected to room 2, and room 2 to rooms 3 and 4.\n"

ELSEWHERE = {
    "Actor": f"{_ELSEWHERE}Current state: room 1\nGoal: room 4\nOnly room 2 is next to room 1, and 4 is behind it.\n"
    "action = go from 1 to 2",
    "Monitor": f"{_ELSEWHERE}Current state: room 1\nProposed action: go from 1 to 4\n"
    "The action starts in room 1, as it should. Room 1 has a door to room 2 and to no other.\nrule = door\nvalid = no\n"
    "Current state: room 1\nProposed action: go from 2 to 3\nThat starts in room 2, and one is in room 1.\n"
    "rule = room\nvalid = no\nCurrent state: room 1\nProposed action: go from 1 to 2\nBoth rules hold.\nvalid = yes",
    "Evaluator": f"{_ELSEWHERE}State: room 1\nGoal: room 4\nFrom 1 to 2, from 2 to 4.\nsteps = 2",
    "Orchestrator": f"{_ELSEWHERE}State: room 2\nGoal: room 4\nreached = no\nState: room 4\nGoal: room 4\n"
    "reached = yes",
}
"""By module."""
