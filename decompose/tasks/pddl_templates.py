"""Natural-language templates of the PDDL domains that come with Surefoot. Each template names every argument once."""

_BLOCKS_ATOMS = {
    "ontable": "the {0} block is on the table",
    "clear": "the {0} block is clear",
    "handempty": "the hand is empty",
    "holding": "the hand is holding the {0} block",
    "on": "the {0} block is on top of the {1} block",
}
_MYSTERY_ATOMS = {
    "planet": "planet object {0}",
    "province": "province object {0}",
    "harmony": "harmony",
    "pain": "pain object {0}",
    "craves": "object {0} craves object {1}",
}
_LOGISTICS_ATOMS = {
    "at": "{0} is at {1}",
    "in": "{0} is in {1}",
    "in-city": "{0} is in the city {1}",
    "airport": "{0} is an airport",
}

ATOM_TEMPLATES: dict[str, dict[str, str]] = {
    "blocksworld": _BLOCKS_ATOMS,
    "mystery": _MYSTERY_ATOMS,
    "logistics": _LOGISTICS_ATOMS,
}
"""Facts by domain and predicate."""

ACTION_TEMPLATES: dict[str, dict[str, str]] = {
    "blocksworld": {
        "pick-up": "pick up the {0} block",
        "put-down": "put down the {0} block",
        "stack": "stack the {0} block on top of the {1} block",
        "unstack": "unstack the {0} block from on top of the {1} block",
    },
    "mystery": {
        "attack": "attack object {0}",
        "succumb": "succumb object {0}",
        "overcome": "overcome object {0} from object {1}",
        "feast": "feast object {0} from object {1}",
    },
    "logistics": {
        "load-truck": "load {0} into truck {1} at {2}",
        "load-airplane": "load {0} into airplane {1} at {2}",
        "unload-truck": "unload {0} from truck {1} at {2}",
        "unload-airplane": "unload {0} from airplane {1} at {2}",
        "drive-truck": "drive {0} from {1} to {2} in {3}",
        "fly-airplane": "fly {0} from {1} to {2}",
    },
}
"""Actions by domain and name."""
