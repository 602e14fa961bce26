"""A lock file of Python packages: each requirement with the hashes of its files. Pure.

In: the text of requirements.lock. Out: its requirements, and text again for pip.
Never: judges a marker (`; python_version < "3.12"`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LockedRequirement:
    """`pin` is NAME==VERSION; `marker` says on which computers it is needed, "" for all."""

    pin: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.pin.partition("==")[0]


def parse_lock(text: str) -> Iterator[LockedRequirement]:
    """The requirements in their order."""
    for entry in text.replace("\\\n", " ").splitlines():
        if entry.strip():
            requirement, *hashes = entry.split("--hash=")
            pin, _, marker = requirement.partition(";")
            found = tuple(digest.strip() for digest in hashes)
            yield LockedRequirement(pin.strip(), marker.strip(), found)


def format_lock(requirements: Iterable[LockedRequirement], *, markers: bool = True) -> str:
    """A lock file of these. Without `markers`, for another computer than the one that reads it."""
    lines = []
    for one in requirements:
        marker = f" ; {one.marker}" if markers and one.marker else ""
        lines.append(" ".join([one.pin + marker, *(f"--hash={digest}" for digest in one.hashes)]))
    return "\n".join(lines) + "\n"
