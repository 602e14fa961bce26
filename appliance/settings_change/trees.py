"""The tree of a settings file: its keys one by one, and changes of them.

    leaves = flatten(tree)                     # {("web", "port"): 8080, ...}
    changed = list_changed(before, after)      # [("web", "port"), ...]
    new = change(tree, {("web", "port"): 80})  # REMOVED takes away

Reads and writes: nothing; pure.
Never: changes the tree that it was given.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from appliance.settings_rules.places import Place

REMOVED = None  # TOML has no such value

Changes = Mapping[Place, Any]


def flatten(tree: Mapping[str, Any], where: Place = ()) -> dict[Place, Any]:
    """Every key with its value; a section without any key by its own place, with {}."""
    return dict(walk(tree, where))


def walk(tree: Mapping[str, Any], where: Place) -> Iterator[tuple[Place, Any]]:
    for key, value in tree.items():
        here = (*where, key)
        if isinstance(value, Mapping) and value:
            yield from walk(value, here)
        else:
            yield here, value


def list_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Place]:
    """The keys that differ, in the order of the files; an empty section counts as a key."""
    old, new = flatten(before), flatten(after)
    return [
        where
        for where in {**old, **new}
        if (where in old) != (where in new) or not is_same(old[where], new[where])
    ]


def is_same(one: Any, other: Any) -> bool:
    """Whether two values of TOML are the same: true is not 1, 1 and 1.0 are one number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return (type(one) is type(other) and one == other) or (one == other and is_number(one))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def change(tree: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """The tree with the changes made. A section as a value is the whole section."""
    new = deepcopy(dict(tree))
    for where, value in changes.items():
        put(new, where, value)
    return new


def put(tree: dict[str, Any], where: Place, value: Any) -> None:
    """Set or take away one place; sections on the way are made, and never taken away."""
    for key in where[:-1]:
        below = tree.get(key)
        if not isinstance(below, dict):
            if value is REMOVED:
                return
            below = tree[key] = {}
        tree = below
    if value is REMOVED:
        tree.pop(where[-1], None)
    else:
        tree[where[-1]] = deepcopy(value)


def get(tree: Any, where: Place) -> Any:
    """The value there; None where there is none."""
    for key in where:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree
