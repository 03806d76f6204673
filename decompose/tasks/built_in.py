"""The tasks that come with Surefoot: the name that people type, and the class that it stands for.

A new one is a file in this folder and a line here. Its referee, if it has one, is the module of the same name in
``decompose/referees``, and its answer key the one in ``decompose/answer_keys``.
"""

BUILT_IN_TASKS = {
    "hanoi": "surefoot.decompose.tasks.hanoi:Hanoi",
    "multiply": "surefoot.decompose.tasks.multiply:Multiply",
    "balance": "surefoot.decompose.tasks.balance:Balance",
    "digit-hanoi": "surefoot.decompose.tasks.digit_hanoi:DigitHanoi",
    "pddl": "surefoot.decompose.tasks.pddl:PddlPlanning",
    "graph": "surefoot.decompose.tasks.graph_navigation:GraphNavigation",
    "map": "surefoot.decompose.tasks.rows:MapRows",
    "questions": "surefoot.decompose.tasks.questions:Questions",
    "ask": "surefoot.decompose.tasks.ask:AskedQuestion",
    "file": "surefoot.decompose.tasks.file_problems:FileProblem",
    "problems": "surefoot.decompose.tasks.generated:Generated",
    "items": "surefoot.decompose.tasks.items:Items",
    "checkers": "surefoot.decompose.tasks.checkers:Checkers",
    "sort": "surefoot.decompose.tasks.sort:Sort",
    "dictionary-sum": "surefoot.decompose.tasks.dictionary_sum:DictionarySum",
    "ledger": "surefoot.decompose.tasks.ledger:Ledger",
    "gates": "surefoot.decompose.tasks.gates:Gates",
    "crafting": "surefoot.decompose.tasks.crafting:Crafting",
    "river": "surefoot.decompose.tasks.river:River",
    "stacks": "surefoot.decompose.tasks.stacks:Stacks",
}
"""``module:Class`` by name."""

MICRO_TASKS = {
    "hanoi": "surefoot.decompose.tasks.hanoi_micro:HanoiMicro",
    "multiply": "surefoot.decompose.tasks.multiply_micro:MultiplyMicro",
    "balance": "surefoot.decompose.tasks.balance:Balance",
    "digit-hanoi": "surefoot.decompose.tasks.digit_hanoi_micro:DigitHanoiMicro",
    "graph": "surefoot.decompose.tasks.graph_navigation_micro:GraphNavigationMicro",
}
"""``module:Class`` of the tasks that have a form for the ``micro`` dialect: the same puzzle, by smaller questions."""


def task_name(cls: type) -> str:
    """Return what a task class is called in a run's configuration: its built-in name, else ``module:Class``.

    An object of a built-in class is the same task as its name, with the same answer key, referee and verifier.
    """
    place = f"{cls.__module__}:{cls.__qualname__}"
    return next((name for name, known in BUILT_IN_TASKS.items() if known == place), place)
