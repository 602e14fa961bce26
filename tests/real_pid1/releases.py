"""Two app releases of this program, made by the command `fleet`; a web server in the container.

The first is good. Of the second the sensors service ends at once.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ota.disk import Disk
from ota.machine.journal import Journal
from ota.machine.progress import Record
from provisioning.update_demo.fleet_side import FleetSide
from tests.real_pid1.container import Container

GOOD, BROKEN = "good", "broken"
UNIT = "container"
SERVED = "/var/www/html"
SLOWLY = "server.kbytes-per-second = 2000\n"  # so that the download can be cut
SETTINGS = '\n[update]\nmirrors = ["http://127.0.0.1"]\n'
TRIAL = Path(__file__).with_name("short_trial.py")
DROP_IN = "/etc/systemd/system/appliance-checkin.service.d/90-short-trial.conf"
SHORT_TRIAL = f"""[Service]
ExecStart=
ExecStart=/opt/appliance/venv/bin/python /srv/{TRIAL.name} --settings /etc/appliance/unit.toml
"""


@dataclass(frozen=True, slots=True)
class Releases:
    """The release engineer's side, outside of the container."""

    fleet: FleetSide
    built: Future[None]

    @classmethod
    @contextmanager
    def building(cls, directory: Path) -> Iterator["Releases"]:
        """Both, in the background."""
        fleet = FleetSide(directory / "fleet")
        with ThreadPoolExecutor(1) as pool:
            yield cls(fleet, pool.submit(build, fleet))

    def publish(self, name: str, container: Container) -> None:
        """Assign a release, and bring the tree to the web server in the order of `fleet`."""
        self.built.result()
        self.fleet.publish(name, UNIT)
        served = container.path(SERVED)
        shutil.copytree(self.fleet.tree, served, dirs_exist_ok=True)
        container.run("chmod", "-R", "a+rX", SERVED)

    def begin(self, container: Container) -> None:
        """What a technician does once, as root; and the shorter trial of this test."""
        self.built.result()
        for root in self.fleet.roots_of_trust:
            shutil.copy(root, container.path("/srv") / root.name)
            container.run("cp", f"/srv/{root.name}", "/var/lib/ota/trust/")
        container.path("/etc/lighttpd/conf-enabled/90-slow.conf").write_text(SLOWLY)
        container.run("systemctl", "restart", "lighttpd")
        shutil.copy(TRIAL, container.path("/srv") / TRIAL.name)
        drop_in = container.path(DROP_IN)
        drop_in.write_text(SHORT_TRIAL)
        container.run("systemctl", "daemon-reload")


def build(fleet: FleetSide) -> None:
    fleet.begin()
    fleet.build(GOOD, sequence=7)
    fleet.build(BROKEN, sequence=8, broken=True)


def read_journal(container: Container) -> list[Record]:
    """The journal of updates, as it is on the disk."""
    return Journal(Disk(), container.path("/var/lib/ota/journal.jsonl")).read()


def list_steps(container: Container, release: str) -> list[str]:
    """The steps that a release went through, oldest first."""
    return [one.step.value for one in read_journal(container) if one.release == release]
