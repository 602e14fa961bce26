"""What stands around a unit in a virtual machine: charger, battery, a key of the technician.

Reads: nothing. Writes: settings and a key pair in a directory; starts the simulated devices.
Never: is reached from another computer.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.emulator.machine import HOST
from provisioning.image.tools import run
from provisioning.runner import ROOT, bind_to_parent

HERE = "127.0.0.1"
CLIP = "/opt/appliance/venv/lib/python3.13/site-packages/sensors/media/pedestrians.mp4"
STOP_S = 20.0
DEVICES = """
[charger.main]
model = "epever-tracer"
port = "tcp://{host}:{charger_port}"
framing = "{framing}"

[bms.pack]
model = "jk-pb"
port = "tcp://{host}:{bms_port}"
framing = "rtu"

[panels]
peak_w = 10  # no charge hides that of a battery seen for the first time, at whatever hour

[battery]
capacity_wh = 384

[simulation]
battery_charge_pct = {charge_pct}
temperature_c = 25
"""
UNIT = """
[unit]
name = "{name}"

[host]
may_power_off = false
sleep = "stay"

[energy]
follows = "ladder"
dwell_up_s = 0

[web]
open_viewing = true  # nobody but this computer reaches the page of its virtual machine
"""
CAMERA = f"""
[camera.yard]
source = "{CLIP}"

[inference]
event_after_frames = 1  # an emulated processor analyses a picture in 5 s: nobody is seen 3 times
"""
PLANT = """
[unit]
name = "{name}"
data_dir = "{data}"
run_dir = "{data}"
"""

SSH = """Host unit
HostName 127.0.0.1
Port {port}
User technician
IdentityFile {key}
IdentitiesOnly yes
UserKnownHostsFile {directory}/known-hosts
StrictHostKeyChecking accept-new
"""


class Site:
    """`charger_port`, `bms_port`: on this computer's loopback; `camera`: one that shows a clip.
    `serial`: the charger's port has what goes over a serial line, for an adapter of the machine.
    """

    def __init__(
        self,
        directory: Path,
        *,
        charger_port: int,
        bms_port: int,
        name: str = "emulated",
        charge_pct: float = 90,
        camera: bool = True,
        serial: bool = False,
    ) -> None:
        self._framing = "rtu" if serial else "tcp"
        self.directory = directory
        self.key = directory / "technician-key"
        self.name = name
        self._camera = CAMERA if camera else ""
        self._ports = {"charger_port": charger_port, "bms_port": bms_port}
        self._charge_pct = charge_pct

    @property
    def settings(self) -> str:
        """The unit's: its devices are this computer's ports, seen from inside."""
        return UNIT.format(name=self.name) + self._camera + self._format_devices(HOST)

    def make_key(self) -> str:
        """A new pair; returns the public one, as authorized_keys has it."""
        for path in (self.key, self.key.with_suffix(".pub")):
            path.unlink(missing_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "emulated", "-f", self.key)
        return self.key.with_suffix(".pub").read_text()

    def write_ssh_settings(self, port: int) -> Path:
        """For `ssh -F FILE unit`: the technician's key, and the host key that it shows at first."""
        path = self.directory / "ssh.conf"
        path.write_text(SSH.format(port=port, key=self.key, directory=self.directory))
        return path

    @contextmanager
    def simulated(self) -> Iterator[None]:
        """While its charger and its battery answer."""
        data = self.directory / "simulated"
        data.mkdir(exist_ok=True)
        settings = data / "plant.toml"
        settings.write_text(PLANT.format(name=self.name, data=data) + self._format_devices(HERE))
        module = ("-m", "provisioning.simulated", "--settings", str(settings))
        command = bind_to_parent([sys.executable, *module], signal.SIGTERM)
        with (data / "output.log").open("wb") as log:
            devices = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield
        finally:
            devices.terminate()
            devices.wait(STOP_S)

    def _format_devices(self, host: str) -> str:
        return DEVICES.format(
            host=host, framing=self._framing, charge_pct=self._charge_pct, **self._ports
        )
