"""The unit that is set up, as the steps see it: its settings, its files, its clock, PID 1.

    unit = Unit(settings_path, clock, who="Ada")
    unit.change_settings({("site", "latitude_deg"): 46.5}, why="commissioning: site")

Reads: the settings. Writes: the settings, through their Keeper alone.
Never: has anything of a single step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance import settings_file
from appliance.clock import Clock
from appliance.parsing.toml_text import decode
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.settings_change.applying import Keeper, Wanted
from appliance.settings_change.describe import find_version
from appliance.settings_change.edit import edit
from appliance.settings_change.history import Entry
from appliance.settings_change.target import read_target
from appliance.settings_change.trees import Changes
from provisioning.commissioning.record import Record

DIRECTORY = "commissioning"  # in the data directory


@dataclass(frozen=True, slots=True)
class Unit:
    """`who`: the technician, for the histories. `clock`: the unit's, which may be a scaled one."""

    settings_path: Path
    clock: Clock
    who: str
    make_host: Callable[[str], Host] = field(default=Host)

    def settings(self) -> Settings:
        """As they are now; raises `SettingsError`."""
        return settings_file.load_settings(self.settings_path)

    def read_tree(self) -> dict[str, Any]:
        """The keys of the settings file as they are written; raises `SettingsError`."""
        data = read_target(self.settings_path).data
        return settings_file.parse_own(self.settings_path, data)[1]

    @property
    def data_dir(self) -> Path:
        """Where the unit keeps its data."""
        return self.settings().unit.data_dir

    @property
    def directory(self) -> Path:
        """Where commissioning keeps its own files."""
        return self.data_dir / DIRECTORY

    @property
    def record(self) -> Record:
        """What was done so far, as it stands on the disk."""
        return Record(self.directory, self.clock)

    @property
    def host(self) -> Host:
        """PID 1."""
        return self.make_host(self.settings().host.systemctl)

    @property
    def keeper(self) -> Keeper:
        """The only one that changes the settings file."""
        return Keeper(self.settings_path, self.clock)

    def change_settings(self, changes: Changes, why: str) -> Entry | None:
        """All of the changes or none, with their history; None where they stand already. What they
        concern is restarted. Raises `ChangeError`, `SettingsError`.
        """
        data = read_target(self.settings_path).data
        text = edit(decode(data), changes)
        if text.encode() == data:
            return None
        return self.keeper.change(Wanted(text, find_version(data), self.who, why))
