"""Says in words what a measurement means for each kind of question, and what to try next."""

from collections import Counter
from collections.abc import Sequence

from surefoot.runtime.forecast.measured import KindRate, StateRate
from surefoot.runtime.forecast.measurement_file import Measurement

KIND = "KIND"
"""What stands for a kind of question that has no name."""
OFTEN = 0.25
"""Error rate of readable answers above which votes get dear."""


def verdicts(measured: Measurement, states: Sequence[StateRate]) -> list[str]:
    """One or two sentences for each kind of question.

    Args:
        measured: What was counted.
        states: All states that were asked.
    """
    return [verdict(kind, [state for state in states if state.kind == kind.kind]) for kind in measured.kinds]


def verdict(kind: KindRate, states: Sequence[StateRate]) -> str:
    """What one kind of question means for a run: can it be asked so, and do votes help."""
    name = f"kind {kind.kind or '(unnamed)'}"
    if not kind.valid:
        return f"{name}: 0 of {kind.answers:,} readable{_flags(kind)}: this model cannot be asked this so"
    lost, surely = sum(state.lost for state in states), sum(state.surely_lost for state in states)
    unread = sum(not state.readable for state in states)
    silent = f", none in {unread:,} of {len(states):,} states" if unread else ""
    readable = f"{kind.valid:,} of {kind.answers:,} readable{silent}, {kind.wrong:,} of those wrong"
    if not kind.wrong:
        return f"{name}: {readable}: nothing that votes could correct was seen"
    if lost:
        sure = f", {surely} of them beyond doubt" if surely else ", though from few answers each: more --draws tell"
        where = f"the right answer is not the likeliest in {lost:,} of {len(states):,} states{sure}"
        return f"{name}: {readable}; {where}: votes make it worse there"
    if kind.p_error is not None and kind.p_error > OFTEN:
        return f"{name}: {readable}; the right answer is the likeliest in every state, by little: many votes are needed"
    return f"{name}: {readable}; the right answer is the likeliest in every state that was asked: votes help"


def failing_kinds(measured: Measurement, states: Sequence[StateRate]) -> list[str]:
    """Kinds of question that cannot be asked so, and those with states at which votes would make it worse."""
    lost = {state.kind for state in states if state.lost}
    return [kind.kind for kind in measured.kinds if not kind.valid or kind.kind in lost]


def next_steps(measured: Measurement, states: Sequence[StateRate], more: Sequence[str] = ()) -> list[str]:
    """What to try where a kind of question cannot be asked so, or votes would make it worse; empty if all is well.

    Args:
        measured: What was counted.
        states: All states that were asked.
        more: What else may be tried for them; see ``remedies``.
    """
    unreadable = [kind for kind in measured.kinds if not kind.valid]
    lost = [state for state in states if state.lost]
    tries = []
    flags = Counter[str]()
    for kind in measured.kinds:
        flags.update(kind.red_flags)
    if unreadable or measured.valid_rate < 0.5:
        if flags["overlong"]:
            tries.append("a larger --max-reply-tokens, as replies are cut off as overlong")
        if flags["misformatted"]:
            tries.append("--structured or another --dialect, as replies are not in the form that is read")
        if flags["illegal"] + flags["inconsistent"]:
            tries.append("--state-by task where the task can state the next state itself")
    if lost and not any(state.surely_lost for state in lost):
        tries.append("--draws 20, to see whether those states are lost or were unlucky")
    often = [kind.kind for kind in measured.kinds if kind.p_not_right > OFTEN]
    kinds = list(dict.fromkeys((*often, *(state.kind for state in lost))))
    if kinds:
        also = f" (and of {', '.join(kinds[1:])})" if kinds[1:] else ""
        tries.append(f"surefoot tune TASK --kind {kinds[0] or KIND}, for a wording of it{also} that is answered better")
    if lost:
        tries.append("another wording: a run asks disputed steps in others by itself where the task has them")
        tries.append("--model A,B to see whether another model is wrong elsewhere, and --fallback-model B if so")
    tries += more
    if unreadable or lost or measured.leads is None:
        tries.append("another model")
    return tries


def _flags(kind: KindRate) -> str:
    """The red flags of a kind, most frequent first, in brackets."""
    ranked = sorted(kind.red_flags.items(), key=lambda item: (-item[1], item[0]))
    return f" ({', '.join(f'{name} {count:,}' for name, count in ranked)})" if ranked else ""
