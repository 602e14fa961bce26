"""Changes of a settings file's text: comments, order and what is not changed stay as they are.

    text = edit(text, {("camera", "front", "source"): "rtsp://10.0.0.5/1", ("mqtt",): REMOVED})

In: the text and the changes. Out: the new text. Pure; the text is edited with tomlkit.
Never: returns a text that reads otherwise than the old one with these changes: what comes out is
parsed again and compared.
"""

from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from appliance.errors import SettingsError
from appliance.parsing.toml_text import parse_toml
from appliance.sections.values import unwrap_optional
from appliance.settings_change.headers import tidy
from appliance.settings_change.keys import find, format_place
from appliance.settings_change.trees import REMOVED, Changes, change, flatten, is_same
from appliance.settings_rules.places import Place
from appliance.strict_json import InputError
from appliance.wording.sentence import say

BY_HAND = say(
    "the file is written in a way that cannot be changed here without harm to it: change it "
    "with an editor"
)


def edit(text: str, changes: Changes, *, known_only: bool = True) -> str:
    """The text with the changes; raises `SettingsError` where the file must be changed by hand.

    `known_only`: the places are those of settings that there are, else whatever is in the file.
    """
    before = parse_toml(text.encode())[1]
    refuse_overlap(changes)
    if known_only:
        changes = {where: fit(where, value) for where, value in changes.items()}
    wanted = change(before, changes)
    try:
        document = tomlkit.parse(text)
        for where, value in changes.items():
            put(document, where, value)
        new = tidy(text, tomlkit.dumps(document))
        found = parse_toml(new.encode())[1]
    except InputError as error:  # a value that no file may hold
        told = say("{places}: {error}", places=name_all(changes), error=error)
        raise SettingsError(told) from None
    except (TOMLKitError, KeyError, TypeError, ValueError, AttributeError) as error:
        kind = type(error).__name__
        told = say(
            "{places}: {by_hand} ({kind})", places=name_all(changes), by_hand=BY_HAND, kind=kind
        )
        raise SettingsError(told) from None
    if not has_same(found, wanted):
        raise SettingsError(say("{places}: {by_hand}", places=name_all(changes), by_hand=BY_HAND))
    return new


def name_all(changes: Changes) -> str:
    return ", ".join(map(format_place, changes))


def refuse_overlap(changes: Changes) -> None:
    """A section and a key within it are not changed at once: which of both holds?"""
    for one in changes:
        for other in changes:
            if one != other and other[: len(one)] == one:
                raise SettingsError(
                    say(
                        "{place} is within {other}: change one of them",
                        place=format_place(other),
                        other=format_place(one),
                    )
                )


def has_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two trees have the same keys and values; sections without keys are nothing."""
    first, second = (
        {key: value for key, value in flatten(tree).items() if value != {}} for tree in (one, other)
    )
    return first.keys() == second.keys() and all(
        is_same(value, second[key]) for key, value in first.items()
    )


def fit(where: Place, value: Any) -> Any:
    """A value of JSON as TOML has it: a text that stands for a time becomes one."""
    kind = find(where)
    if (
        kind.spec is not None
        and unwrap_optional(kind.kind) is datetime
        and isinstance(value, str)
        and (moment := parse_moment(value)) is not None
    ):
        return moment
    return value


def parse_moment(text: str) -> datetime | None:
    """A time with its offset; None where it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def put(document: tomlkit.TOMLDocument, where: Place, value: Any) -> None:
    """Set or take away one place of the document."""
    table: MutableMapping[str, Any] = document
    for depth, key in enumerate(where[:-1], start=1):
        if key not in table:
            if value is REMOVED:
                return
            has_keys = depth == len(where) - 1 and not isinstance(value, Mapping)
            add(table, key, tomlkit.table(is_super_table=not has_keys))
        table = table[key]
    if value is REMOVED:
        table.pop(where[-1], None)
    elif isinstance(value, Mapping):
        put_section(table, where[-1], value)
    else:
        put_value(table, where[-1], value)


def put_section(table: MutableMapping[str, Any], key: str, value: Mapping[str, Any]) -> None:
    """Make a section exactly `value`; what of it is there and the same is not touched."""
    if not isinstance(table.get(key), MutableMapping):
        add(table, key, tomlkit.table())
    own = table[key]
    for gone in [name for name in own if name not in value]:
        del own[gone]
    for name, one in value.items():
        if isinstance(one, Mapping):
            put_section(own, name, one)
        else:
            put_value(own, name, one)


def put_value(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """Set one key; one that has this value already stays as it is written."""
    if key not in table:
        add(table, key, value)
    elif not is_same(unwrap(table[key]), value):
        table[key] = value


def add(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """A key after the last one: what a comment at the end of a section says is of the next one."""
    body = getattr(getattr(table, "value", None), "body", None)
    kept: list[Any] = []
    while isinstance(body, list) and body and body[-1][0] is None:
        kept.insert(0, body.pop())
    table[key] = value
    if isinstance(body, list):
        body.extend(kept)


def unwrap(item: Any) -> Any:
    """The plain value of an item."""
    return item.unwrap() if hasattr(item, "unwrap") else item
