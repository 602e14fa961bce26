"""Which stick is taken: the only one that has releases on it.

    tree = find_stick(drives, mounts)       # it is mounted, and stays so

Reads: what is plugged in. Writes: mounts.
Never: chooses between two, or leaves one mounted that it does not take.
"""

from dataclasses import dataclass
from pathlib import Path

from appliance.wording.sentence import join_sentences, say
from appliance.wording.shorten import shorten
from ota.stick.drives import Drives, Part
from ota.stick.errors import StickError
from ota.stick.mounting import Mounts
from ota.stick.tree import find_trees

LONGEST = 200  # characters of the names on sticks in a sentence

NO_STICK = say(
    "no USB stick is plugged in that nothing else uses: plug one in, wait a moment, and press again"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A directory with releases on a stick."""

    part: Part
    tree: Path


def find_stick(drives: Drives, mounts: Mounts) -> Path:
    """The directory with the releases of the only stick that has some. Raises `StickError`."""
    mounts.unmount()  # of an order that was killed
    parts = drives.list_parts()
    if not parts:
        raise StickError(NO_STICK)
    found: list[Found] = []
    troubles: list[str] = []
    for part in parts:
        try:
            found += look(part, mounts)
        except StickError as error:
            troubles.append(error.args[0])
    if not found:
        raise StickError(tell_none(parts, troubles))
    if len(found) > 1:
        raise StickError(tell_many(found))
    mounts.mount(found[0].part)
    return found[0].tree


def look(part: Part, mounts: Mounts) -> list[Found]:
    """The directories with releases on one part. Raises `StickError`."""
    mounts.mount(part)
    try:
        return [Found(part, tree) for tree in find_trees(mounts.place)]
    except OSError as error:
        raise StickError(
            say(
                "{part} cannot be read ({why}): plug it in again, or take another stick",
                part=part.name,
                why=error.strerror or "",
            )
        ) from error
    finally:
        mounts.unmount()


def tell_none(parts: list[Part], troubles: list[str]) -> str:
    """What is wrong with each; that there are no releases, where nothing is."""
    if troubles:
        return join_sentences("; ", troubles)
    return say(
        "no releases are on {parts}: a stick is made with `fleet usb DIRECTORY`, in a directory at "
        "its top",
        parts=", ".join(one.name for one in parts),
    )


def tell_many(found: list[Found]) -> str:
    places = shorten(", ".join(f"{one.part.name}: {one.tree.name}" for one in found), LONGEST)
    return say(
        "releases are in more than one place ({places}): leave one stick in, with one directory of "
        "releases",
        places=places,
    )
