"""A settings file with its history, a page's directory of proposals, and a `systemctl` that notes
its orders.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from appliance.settings_change.applying import Keeper, Wanted
from appliance.settings_change.describe import find_version
from appliance.settings_change.proposals import DIRECTORY
from tests.stand_ins.fakes import FakeClock

SYSTEMCTL = """#!{python}
import sys
words = [word for word in sys.argv[1:] if not word.startswith("-")]
with open({log!r}, "a") as log:
    log.write(" ".join(words) + "\\n")
"""
TEXT = """# the barn
[unit]
name = "barn"  # as on its door
data_dir = "{data}"

[host]
systemctl = "{systemctl}"

[charger.main]
model = "epever-tracer"

[mqtt]
host = "10.0.0.2"
"""


@dataclass(frozen=True, slots=True)
class Rig:
    path: Path
    log: Path
    clock: FakeClock

    @property
    def keeper(self) -> Keeper:
        return Keeper(self.path, self.clock)

    @property
    def proposals(self) -> Path:
        return self.path.parent / "data" / DIRECTORY

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def version(self) -> str:
        return find_version(self.path.read_bytes())

    def list_orders(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def want(self, old: str, new: str, *, from_page: bool = False) -> Wanted:
        """The file with one text in place of another."""
        assert old in self.text
        text = self.text.replace(old, new)
        return Wanted(text, self.version, "Ada", "because", from_page=from_page)


def make_rig(directory: Path, clock: FakeClock) -> Rig:
    log, systemctl = directory / "orders", directory / "systemctl"
    systemctl.write_text(SYSTEMCTL.format(python=sys.executable, log=str(log)))
    systemctl.chmod(0o755)
    (directory / "data").mkdir()
    path = directory / "unit.toml"
    path.write_text(TEXT.format(data=directory / "data", systemctl=systemctl))
    path.chmod(0o640)
    return Rig(path, log, clock)
