"""The root of an image booted by systemd-nspawn: read-only as on a unit, with a data partition.

What the initial RAM disk does on a unit (scripts/local-bottom/data) is done here before the boot.
`/root/release` and `/srv` are this repository and files of the test: no part of the image.
"""

import os
import shutil
import subprocess
import uuid
from pathlib import Path

from provisioning.emulator.demonstration import BUILT
from tests.conftest import CLIP, ROOT
from tests.real_pid1 import simulated
from tests.real_pid1.container import Container

IMAGE = Path(os.environ.get("IMAGE") or BUILT)
IMAGE_ROOT = IMAGE.parents[1] / "root"
FACTORY = "usr/share/factory/var"
SETTINGS = "/etc/appliance/unit.toml"
UNITS = "/run/systemd/system"
CARD, HERE, THERE = "host0", "10.77.0.1", "10.77.0.2"
WRONG_SETTINGS = "[site]\nnmae = 'gate'\n"
CONNECTION = f"""[connection]
id=wire
type=ethernet
interface-name={CARD}
[ipv4]
method=manual
addresses={THERE}/24
[ipv6]
method=link-local
"""


class ImageContainer(Container):
    """`directory`: of the data partition and of what the test adds."""

    def __init__(self, root: Path, directory: Path) -> None:
        self._directory = directory
        self.key = directory / "technician"
        var = directory / "var"
        mounts = {"/var": var, "/etc/machine-id": var / "lib/machine-id"}
        mounts |= {
            "/root": directory / "home",
            "/srv": directory / "srv",
            "/efi": directory / "efi",
        }
        binds = [f"--bind={ours}:{theirs}" for theirs, ours in mounts.items()]
        super().__init__(root, ("--read-only", *binds, f"--bind-ro={ROOT}:/root/release"))

    def prepare(self) -> None:
        """As the first boot of a unit finds it."""
        var = self._directory / "var"
        subprocess.run(("cp", "-a", self.root / FACTORY, var), check=True)
        (var / "lib/machine-id").write_text(f"{uuid.uuid4().hex}\n")
        (var / "lib/settings").mkdir()
        efi = self._directory / "efi"
        shutil.copytree(IMAGE.parent / "esp", efi)
        (efi / "provision/authorized_keys").write_text(self.make_key())
        (efi / "provision/wire.nmconnection").write_text(CONNECTION)
        (efi / "provision/unit.toml").write_text(WRONG_SETTINGS)
        (self._directory / "home/release").mkdir(parents=True)
        (self._directory / "srv").mkdir()
        shutil.copy(CLIP, self._directory / simulated.CLIP.lstrip("/"))

    def make_key(self) -> str:
        """The technician's; returns the public one."""
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        return self.key.with_suffix(".pub").read_text()

    def path(self, inside: str) -> Path:
        """A file inside, wherever it is mounted; while the container runs."""
        return Path(f"/proc/{self._leader}/root") / inside.lstrip("/")

    def list_pids(self, group: str) -> list[int]:
        """Processes of a control group and of those below it, as this computer numbers them."""
        top = Path(f"/proc/{self._leader}/root/sys/fs/cgroup") / group.lstrip("/")
        files = top.rglob("cgroup.procs")
        found = {int(one) for file in files for one in file.read_text().split()}
        return sorted(found - {0})

    def plug_cable(self) -> str:
        """Connect its network card with this computer; returns the name of this end."""
        ours = f"image-{os.getpid()}"
        pair = ("ip", "link", "add", ours, "type", "veth", "peer", "name", CARD)
        run(*pair, "netns", str(self._leader))
        run("ip", "address", "add", f"{HERE}/24", "dev", ours)
        run("ip", "link", "set", ours, "up")
        self.run("nmcli", "connection", "up", "wire")
        return ours

    def simulate_site(self, charge_pct: float) -> None:
        """Charger, battery, camera and relay; they stand in memory and go with the boot."""
        self.path(UNITS).mkdir(parents=True, exist_ok=True)
        self.path(simulated.PLANT_SETTINGS).write_text(simulated.format_settings(charge_pct))
        relay = ("install", "-m", "664", "-g", "appliance", "/dev/null", simulated.RELAY)
        self.run(*relay)
        units = simulated.write_units(self.path(UNITS))
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "start", *units)

    def give_settings(self, text: str) -> None:
        """As a technician saves them."""
        self.path("/srv/unit.toml").write_text(text)
        self.run("install", "-m", "640", "-g", "appliance", "/srv/unit.toml", f"{SETTINGS}.new")
        self.run("mv", f"{SETTINGS}.new", SETTINGS)


def run(*words: str | Path) -> str:
    """A program outside; fails where it does."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout
