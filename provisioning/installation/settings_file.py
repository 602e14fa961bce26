"""Step 4: the settings, from the file of `--settings` or an example, only where there are none.

Reads: that file. Writes: /etc/appliance/unit.toml, if it is absent.
Never: overwrites settings.
"""

from pathlib import Path

from provisioning.installation.machine import InstallError, write_file

PLACE = Path("/etc/appliance/unit.toml")
EXAMPLE = "docs/examples/trailer.toml"
MODE = 0o640  # it may hold a camera's password; tmpfiles.d gives it to the group


class SettingsFile:
    """The settings of the unit. `given`: the technician's own file."""

    def __init__(self, release: Path, given: Path | None, *, place: Path = PLACE) -> None:
        self._example = release / EXAMPLE
        self._given = given
        self._place = place

    def list_differences(self) -> list[str]:
        return [] if self._place.exists() else [f"{self._place} is missing"]

    def apply(self) -> None:
        source = self._given or self._example
        try:
            data = source.read_bytes()
        except OSError as error:
            raise InstallError(f"{source} cannot be read: {error.strerror}") from error
        write_file(self._place, data, MODE)

    def is_example(self) -> bool:
        """Whether nobody has made settings for this unit yet."""
        return self._place.exists() and self._place.read_bytes() == self._example.read_bytes()

    def list_notes(self) -> list[str]:
        """What a technician must know of them."""
        if self.is_example():
            example = f"{self._place} is the example {self._example.name}"
            what = "write there what this unit has (docs/settings.md), then run this again"
            return [f"{example}: nothing is started with it; {what}"]
        if self._given and self._place.exists() and differ(self._given, self._place):
            return [f"{self._place} is kept as it is; {self._given} was not used"]
        return []


def differ(one: Path, other: Path) -> bool:
    return not one.exists() or one.read_bytes() != other.read_bytes()
