"""Changes to a JSON tree, drawn from bytes: values of another type, at the ends of ranges, or gone.

    tree = edit(tree, data)

Reads: a tree and bytes. Writes: nothing.
Never: changes the tree that it was given.

Three bytes are one change: which place in the tree (two bytes), which of `VALUES` comes there.
"""

import copy
from collections.abc import Iterator
from typing import Any

DELETE, TWICE = object(), object()
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 2**31, 2**53, 2**63, 2**64, 10**400, -(10**400)),
    *(0.5, -0.0, 1e308, 1e-308, "", "x", "0", "..", "../x", "/", "a/b", "A", "\0", "\ud800"),
    *("x" * 100, "ä" * 5000, "-1", "1e999", "nan", "0" * 64, "f" * 64, "F" * 64),
    *("2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "2026-11-29T12:00:00+00:00"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00+00:00"),
    *([], [[]], [None], [0], [-1, 1], ["x"], [["x", 1, 2, []]], [1] * 300, ["a"] * 70),
    *({}, {"": 0}, {"x": {}}, {"failed": "x"}, {"failed": 10**400}, {"starts": None}),
    *({"release": "r", "from": "x"}, [[[[[[[[[[[]]]]]]]]]]], DELETE, TWICE),
)
Place = tuple[Any, Any]  # a list or object, and the place in it


def edit(tree: Any, data: bytes) -> Any:
    """A copy of `tree` with each change that `data` holds."""
    root = {"": copy.deepcopy(tree)}
    for at in range(0, len(data) - 2, 3):
        places = list(list_places(root))
        number = int.from_bytes(data[at : at + 2], "big")
        change(places[number % len(places)], VALUES[data[at + 2] % len(VALUES)])
    return root.get("")


def list_places(outer: Any) -> Iterator[Place]:
    """Every place where a value stands, the outer ones first."""
    if not isinstance(outer, dict | list):
        return
    for key in list(outer) if isinstance(outer, dict) else range(len(outer)):
        yield outer, key
        yield from list_places(outer[key])


def change(place: Place, value: Any) -> None:
    outer, key = place
    if value is DELETE:
        del outer[key]
        if not outer and key == "":
            outer[""] = None
    elif value is TWICE and isinstance(outer, list):
        outer.insert(key, copy.deepcopy(outer[key]))
    elif value is not TWICE:
        outer[key] = copy.deepcopy(value)
