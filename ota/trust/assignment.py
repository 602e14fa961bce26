"""What the director says of this unit, and whether it may be followed.

Reads and writes: nothing; pure. Each refusal is a `TrustError` with its own reason code.
Never: takes a release that only one of the two repositories knows, or that another machine's is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tuf.api.metadata import TargetFile

from appliance import strict_json
from appliance.parsing.times import parse_hours
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from appliance.wording.shorten import make_printable
from ota.errors import TrustError
from ota.manifest import MOST_BYTES, NAME, PERMISSION, ReleaseManifest, require_match
from ota.trust.ratchet import parse_time

LONGEST_WAVE = 80
LONGEST_WINDOW = 20
LONGEST_PAUSE = 400
PAUSED = "paused"  # reason code of that answer


@dataclass(frozen=True, slots=True)
class UnitIdentity:
    """Who asks: its name, its group, its kind of machine ("x86-64", "jetson-orin")."""

    name: str
    group: str
    machine: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """The director's entry: `target` has length and hashes of the manifest. Times are UTC.

    `allow_downgrade`: only from the unit's own entry, never from that of its group. `window`: hours
    of the rollout, site time, which narrow the unit's own; "" for any. `paused`: why nobody is to
    take it now; None: it is not paused.
    """

    release: str
    target: TargetFile
    begins: datetime | None
    until: datetime | None
    wave: str
    allow_downgrade: bool
    window: str = ""
    paused: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Why there is nothing to do now: no fault. `reason_code` for reports."""

    reason_code: str
    text: str


def list_paths(unit: UnitIdentity) -> tuple[str, str]:
    """Where the director's entry may stand; the unit's own wins."""
    return f"units/{unit.name}", f"groups/{unit.group}"


def find_assignment(
    unit: UnitIdentity, find_target: Callable[[str], TargetFile | None]
) -> Assignment | None:
    own, shared = list_paths(unit)
    target = find_target(own)
    if target is not None:
        return parse_assignment(target, is_own=True)
    target = find_target(shared)
    return None if target is None else parse_assignment(target, is_own=False)


def parse_assignment(target: TargetFile, *, is_own: bool) -> Assignment:
    try:
        return build_assignment(target, require_fields(target.custom), is_own=is_own)
    except (ValueError, KeyError, TypeError) as error:
        raise TrustError(
            say(
                "the director's entry {path} cannot be understood ({error}): assign the release "
                "again with `fleet`",
                path=target.path,
                error=error,
            ),
            "assignment-invalid",
        ) from error


def require_fields(custom: Any) -> dict[str, Any]:
    if not isinstance(custom, dict):
        raise InputError(say("custom is {value}", value=strict_json.show(custom)))
    return custom


def build_assignment(target: TargetFile, custom: Mapping[str, Any], *, is_own: bool) -> Assignment:
    allow = strict_json.require_flag(custom.get("allow_downgrade", False), "allow_downgrade")
    return Assignment(
        release=require_match(NAME, custom["release"], "release"),
        target=target,
        begins=parse_time(custom.get("from")),
        until=parse_time(custom.get("until")),
        wave=make_printable(strict_json.require_text(custom.get("wave", ""), "wave", LONGEST_WAVE)),
        allow_downgrade=allow and is_own,
        window=require_window(custom.get("window", "")),
        paused=find_pause(custom),
    )


def require_window(value: Any) -> str:
    """Hours such as 22:00-05:00, "" for any; raises `ValueError`."""
    window = strict_json.require_text(value, "window", LONGEST_WINDOW)
    parse_hours(window)
    return window


def find_pause(custom: Mapping[str, Any]) -> str | None:
    """The reason, where the key is there at all."""
    if "paused" not in custom:
        return None
    return make_printable(strict_json.require_text(custom["paused"], "paused", LONGEST_PAUSE))


def find_manifest_path(assignment: Assignment) -> str:
    """The release in the image repository."""
    return f"releases/{assignment.release}/manifest.json"


def check_agreement(assignment: Assignment, image: TargetFile | None) -> TargetFile:
    """The image repository's entry, where both mean the same bytes."""
    release, director = assignment.release, assignment.target
    if image is None:
        raise TrustError(
            say(
                "the director assigns release {release}, which the image repository does not "
                "have: it is not taken; sign it there first, or look who has the director's key",
                release=release,
            ),
            "release-unknown",
        )
    if (image.length, image.hashes) != (director.length, director.hashes) or not is_strong(image):
        raise TrustError(
            say(
                "director and image repository mean different files by release {release}: it is "
                "not taken; assign it again with `fleet`, or look who has the director's key",
                release=release,
            ),
            "release-differs",
        )
    if image.length > MOST_BYTES:
        raise TrustError(
            say(
                "the manifest of release {release} has {length} bytes, {most_bytes} are the "
                "most: build it again",
                release=release,
                length=image.length,
                most_bytes=MOST_BYTES,
            ),
            "manifest-too-large",
        )
    return image


def is_strong(target: TargetFile) -> bool:
    return "sha256" in target.hashes


def find_hindrance(assignment: Assignment, now: datetime) -> Answer | None:
    """Whether it is paused, or now is outside of the time that it is assigned for."""
    release = assignment.release
    if assignment.paused is not None:
        return Answer(PAUSED, say("The rollout is paused: {paused}", paused=assignment.paused))
    if assignment.begins is not None and now < assignment.begins:
        text = say("Release {release} is assigned, and its time has not begun.", release=release)
        return Answer("assigned-later", text)
    if assignment.until is not None and now >= assignment.until:
        text = say("The time for release {release} is over.", release=release)
        return Answer("assignment-over", text)
    return None


def permits_downgrade(image: TargetFile) -> bool:
    """Whether the offline key of the releases permits that newer units are sent back to this one:
    the director's key, which is online, must not be enough.
    """
    custom = image.custom
    return isinstance(custom, dict) and custom.get(PERMISSION) is True


def check_release(
    assignment: Assignment, manifest: ReleaseManifest, unit: UnitIdentity, lowest: int
) -> None:
    """Whether it is the assigned one, for this machine, and not below the ratchet `lowest`."""
    if manifest.release != assignment.release:
        raise TrustError(
            say(
                "the manifest signed as release {release} is that of {other}: it is not "
                "taken; build and sign the release again",
                release=assignment.release,
                other=manifest.release,
            ),
            "wrong-release",
        )
    if manifest.machines and unit.machine not in manifest.machines:
        raise TrustError(
            say(
                "release {release} is for {machines}, this unit is {machine}: it is not taken; "
                "assign one for this machine",
                release=manifest.release,
                machines=", ".join(manifest.machines),
                machine=unit.machine,
            ),
            "wrong-machine",
        )
    if manifest.sequence < lowest and not assignment.allow_downgrade:
        raise TrustError(
            say(
                "release {release} (sequence {sequence}) is older than what this unit has run "
                "({lowest}): it is not taken; `--allow-downgrade` in both `fleet release sign` "
                "and `fleet assign` permits the step back",
                release=manifest.release,
                sequence=manifest.sequence,
                lowest=lowest,
            ),
            "below-ratchet",
        )
