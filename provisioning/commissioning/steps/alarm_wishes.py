"""The answers of [[alarms]] as settings: who is told of what, by which way.

    people = read_people(answers)                   # AnswerError
    changes = list_changes(tree, directory, people) # what the settings lack

Reads: the files of addresses that are named. Writes: nothing.
Never: puts an address into the settings: it goes to a file of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.settings_change.trees import get, is_same
from appliance.settings_file import NAME
from appliance.settings_rules.places import Place
from appliance.strict_json import show
from provisioning.commissioning.answers import Answers

NOBODY = "nobody"
LONGEST_LIST = 10
RULES: Mapping[str, Mapping[str, Any]] = {
    "people": {"on": "event", "labels": ["person"], "priority": "high"},
    "faults": {"on": "fault"},
    "battery": {"on": "battery", "priority": "high"},
    "sleep": {"on": "asleep"},
}
USUAL = ("people", "faults", "battery")
KEYS = (
    "recipient",
    "address",
    "address_file",
    "number",
    "told_of",
    "quiet",
    "allow_local",
    "page",
)


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """One who is told. `address`: of mail and the like, a secret; `number`: of an SMS."""

    name: str
    address: str | None
    number: str | None
    told_of: tuple[str, ...]
    quiet: str | None
    allow_local: bool
    page: str | None

    def find_file(self, directory: Path) -> Path:
        """Where the address is kept, beside the settings."""
        return directory / f"{self.name}.address"


def read_people(answers: Answers) -> tuple[Told, ...]:
    """Each entry; raises `AnswerError`."""
    rows = answers.rows or ((answers,) if answers.is_given else ())
    people = tuple(read_one(row) for row in rows if row.find("recipient") is not None)
    names = [one.name for one in people]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise answers.refuse(
            "recipient", what=f"{twice!r} stands twice", advice="give each a name of its own"
        )
    return people


def read_one(row: Answers) -> Told:
    name = row.find_text("recipient", 32) or ""
    if not NAME.fullmatch(name):
        advice = "lower-case letters, digits and hyphens make a name, such as owner"
        raise row.refuse("recipient", what=f"cannot be {name!r}", advice=advice)
    told = row.find("told_of")
    told = [told] if isinstance(told, str) else told or list(USUAL)
    if not isinstance(told, list) or any(one not in tuple(RULES) for one in told):
        advice = f"it is a list of {', '.join(RULES)}"
        raise row.refuse("told_of", what=f"cannot be {show(told)}", advice=advice)
    address, number = row.find_secret("address"), row.find_text("number", 20)
    if address is not None and number is not None:
        advice = "give one of them: each recipient is reached in one way here"
        raise row.refuse("number", what="stands beside an address", advice=advice)
    return Told(
        name,
        address,
        number,
        tuple(told),
        row.find_text("quiet", 20),
        row.find("allow_local") is True,
        row.find_text("page"),
    )


def list_wishes(directory: Path, people: Sequence[Told]) -> dict[Place, Any]:
    """Every key as it is wanted."""
    wanted: dict[Place, Any] = {}
    for one in people:
        wanted["recipient", one.name, "channels"] = [one.name]
        if one.quiet is not None:
            wanted["recipient", one.name, "quiet"] = one.quiet
        if one.number is not None:
            wanted["channel", one.name, "kind"] = "sms"
            wanted["channel", one.name, "number"] = one.number
        else:
            wanted["channel", one.name, "address_file"] = str(one.find_file(directory))
        if one.allow_local:
            wanted["channel", one.name, "allow_local"] = True
        if one.page is not None:
            wanted["alarms", "page"] = one.page
    for rule, section in RULES.items():
        names = [one.name for one in people if rule in one.told_of]
        if names:
            wanted |= {("alarm", rule, key): value for key, value in section.items()}
            wanted["alarm", rule, "to"] = names
    return wanted


def list_changes(
    tree: Mapping[str, Any], directory: Path, people: Sequence[Told]
) -> dict[Place, Any]:
    """What the settings file lacks. Who is told already, and is not named here, stays so."""
    found = {}
    for place, value in list_wishes(directory, people).items():
        present = get(tree, place)
        if place[0] == "alarm" and isinstance(present, list) and place[2] == "to":
            value = [*present, *(one for one in value if one not in present)]  # noqa: PLW2901
        if present is None or not is_same(present, value):
            found[place] = value
    return found
