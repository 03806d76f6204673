"""Sets in another order: what depends on it is another text in another process, as hashes of texts are random there."""

from collections.abc import Iterator
from typing import Any

import msgspec


class Backwards(frozenset[Any]):
    """A set that is equal to what it was made of, and goes through its items the other way round."""

    def __iter__(self) -> Iterator[Any]:
        return iter(list(super().__iter__())[::-1])


class BackwardsSet(set[Any]):
    """The same for a set that can be changed."""

    def __iter__(self) -> Iterator[Any]:
        return iter(list(super().__iter__())[::-1])


def reordered(value: Any) -> Any:
    """Return a value with the sets of texts in it in another order; the value itself where there are none.

    Numbers have the same hashes in every process, and a set of them the same order.
    """
    if isinstance(value, set | frozenset):
        other = BackwardsSet(value) if isinstance(value, set) else Backwards(value)
        return other if len(value) > 1 and any(map(_has_text, value)) else value
    if type(value) in (list, tuple):
        items = [reordered(one) for one in value]
        return value if all(map(_same, items, value)) else type(value)(items)
    if type(value) is dict:
        found = {key: reordered(one) for key, one in value.items()}
        return value if all(map(_same, found.values(), value.values())) else found
    if isinstance(value, msgspec.Struct):
        held = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: new for name, one in held.items() if (new := reordered(one)) is not one}
        return msgspec.structs.replace(value, **changed) if changed else value
    return value


def _has_text(item: Any) -> bool:
    """Whether the hash of an item of a set is another one in each process."""
    return isinstance(item, str | bytes) or (isinstance(item, tuple) and any(map(_has_text, item)))


def _same(one: Any, other: Any) -> bool:
    return one is other
