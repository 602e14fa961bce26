"""What a change of the settings would do: each key from what to what, and what is restarted.

    preview = propose(path, data, {("web", "port"): 8081}, base=version)     # from a form
    preview = look_at(path, data, new_text)                                  # a whole file

Reads: the layer of a release, and what the checks of the settings read. Writes: nothing.
Never: passes what a service would refuse at its start, or judges by another rule than it does.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.log import redact
from appliance.parsing.toml_text import MOST_BYTES, decode
from appliance.process import settings_checks
from appliance.settings import Settings
from appliance.settings_change.describe import describe_value, find_version, read_present
from appliance.settings_change.difference import compare
from appliance.settings_change.edit import edit
from appliance.settings_change.errors import ChangeError, Refused
from appliance.settings_change.keys import Rule, choose_rule, format_place, is_by_hand
from appliance.settings_change.restarts import UnitOrder, list_orders
from appliance.settings_change.trees import Changes, get, list_changed
from appliance.settings_rules.places import Place
from appliance.settings_rules.shape_rules import find_shape_faults
from appliance.wording.sentence import say

MEANWHILE = say(
    "somebody else has changed the settings since you opened them: load them again, your own "
    "changes stay in the form"
)
NOTHING = say("nothing would change: the file has these values already")


@dataclass(frozen=True, slots=True)
class Preview:
    """A change that could be made. `text`: the whole new file, secrets and all."""

    base: str
    text: str
    changed: tuple[Place, ...]
    keys: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]
    orders: tuple[UnitOrder, ...]
    diff: str

    @property
    def to_confirm(self) -> tuple[str, ...]:
        """The keys for which it is taken back unless it is confirmed; those of a switch that goes
        as a whole are among them.
        """
        return tuple(
            format_place(where) for where in self.changed if choose_rule(where) is not Rule.FREE
        )

    def to_document(self) -> dict[str, Any]:
        """For a browser, without secrets."""
        return {
            "base": self.base,
            "keys": list(self.keys),
            "warnings": list(self.warnings),
            "orders": [
                {"unit": one.unit, "verb": one.verb.value, "title": one.title}
                for one in self.orders
            ],
            "diff": self.diff,
            "to_confirm": list(self.to_confirm),
        }


def propose(
    path: Path, data: bytes, changes: Changes, *, base: str | None = None, from_page: bool = True
) -> Preview:
    """The preview of changes of a few keys; raises `ChangeError`. `base`: the version that whoever
    changes it has seen.
    """
    refuse_old(base, data)
    try:
        new = edit(decode(data), changes)
    except (SettingsError, ValueError) as error:
        raise ChangeError(redact(str(error)), key=find_first(changes)) from None
    return look_at(path, data, new, from_page=from_page)


def find_first(changes: Changes) -> str:
    return format_place(next(iter(changes))) if len(changes) == 1 else ""


def refuse_old(base: str | None, data: bytes) -> None:
    if base is not None and base != find_version(data):
        raise ChangeError(MEANWHILE, Refused.CHANGED_MEANWHILE)


def look_at(
    path: Path, data: bytes, new: str, *, base: str | None = None, from_page: bool = True
) -> Preview:
    """The preview of a whole new text; raises `ChangeError`."""
    refuse_old(base, data)
    new_data = new.encode()
    if len(new_data) > MOST_BYTES:
        raise ChangeError(
            say("the settings file would have more than {most_bytes} bytes", most_bytes=MOST_BYTES)
        )
    if data == new_data:
        raise ChangeError(NOTHING)
    changed = find_changed(path, data, new_data, from_page=from_page)
    before, after, warnings = check(path, data, new_data, changed)
    refuse_shapes(changed, after)
    return Preview(
        base=find_version(data),
        text=new,
        changed=changed,
        keys=tuple(list_keys(path, changed, data, new_data)),
        warnings=tuple(warnings),
        orders=tuple(list_orders(changed, before, after)),
        diff=compare(decode(data), new, name=path.name),
    )


def find_changed(path: Path, data: bytes, new_data: bytes, *, from_page: bool) -> tuple[Place, ...]:
    """The keys that differ; raises `ChangeError`."""
    try:
        old_tree, new_tree = (settings_file.parse_own(path, one)[1] for one in (data, new_data))
    except SettingsError as error:
        raise ChangeError(redact(str(error))) from None
    changed = tuple(list_changed(old_tree, new_tree))
    if from_page:
        refuse_by_hand(changed, new_tree)
    return changed


def check(
    path: Path, data: bytes, new_data: bytes, changed: Collection[Place]
) -> tuple[Settings | None, Settings, list[str]]:
    """The settings before and after, and new warnings; raises `ChangeError` as a service would, but
    for what is wrong before the change as well: a unit is set up step by step.
    """
    before, fault = None, None
    with suppress(SettingsError):  # a file that cannot be used may be mended
        before, fault = settings_file.build_with_fault(path, data)
    # Where the layer of a release is wrong already, the file counts alone, as for the services.
    build = settings_file.build_alone if fault else settings_file.build_strictly
    try:
        after = build(path, new_data)
    except SettingsError as error:
        raise ChangeError(redact(error.said), key=format_place(error.where)) from None
    known = {format_finding(one) for one in settings_checks.find_all(before)} if before else None
    found = []
    for one in settings_checks.find_all(after):
        text = format_finding(one)
        if not touches(changed, one.where) if known is None else text in known:
            continue
        if not one.is_warning:
            raise ChangeError(redact(text), key=format_place(one.where))
        found.append(redact(text))
    return before, after, found


def touches(changed: Collection[Place], where: Place) -> bool:
    """Whether a changed key is that place or within it."""
    return any(one[: len(where)] == where for one in changed)


def format_finding(finding: settings_checks.SettingsFinding) -> str:
    return say("{place} {text}", place=format_place(finding.where), text=finding.text)


def refuse_by_hand(changed: Iterable[Place], new_tree: Mapping[str, Any]) -> None:
    """A switch that goes as a whole is no new command for root."""
    for where in changed:
        is_gone = where[0] == "switch" and get(new_tree, where[:2]) is None
        if is_by_hand(where) and not is_gone:
            key = format_place(where)
            text = say(
                "{key} is changed on the unit alone, as root (`unitctl settings set`): root runs "
                "it, a service reads a secret from it, or the unit keeps its things there",
                key=key,
            )
            raise ChangeError(text, Refused.BY_HAND, key)


def refuse_shapes(changed: Collection[Place], after: Settings) -> None:
    """A shape that means nothing: only one that was drawn now."""
    for name, camera in after.camera.items():
        for where, text in find_shape_faults(camera, ("camera", name)):
            if touches(changed, where):
                key = format_place(where)
                raise ChangeError(say("{key} {fault}", key=key, fault=text), key=key)


def list_keys(
    path: Path, changed: Iterable[Place], data: bytes, new_data: bytes
) -> Iterable[dict[str, Any]]:
    """Each changed key with its value before and after, and where both come from."""
    before, after = read_present(path, data)[0], read_present(path, new_data)[0]
    for where in changed:
        yield {
            "key": format_place(where),
            "rule": choose_rule(where).value,
            "before": describe_value(where, before),
            "after": describe_value(where, after),
        }
