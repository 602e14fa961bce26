"""What stands around the unit in the container: power devices, an ONVIF camera, a relay, a broker,
a receiver of alarms.

Their units are written from outside; `python -m tests.real_pid1.simulated` is the camera, the MQTT
broker and the receiver, inside.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.stand_ins.mqtt_broker import serve_broker
from tests.stand_ins.onvif_camera import PASSWORD, USER, OnvifCamera

ONVIF_PORT, MQTT_PORT, ALARM_PORT = 8899, 1883, 8898
ADDRESS_FILE = "/etc/appliance/hook.address"
ADDRESS = f"json://127.0.0.1:{ALARM_PORT}/alarms"
ALARMS = Path("/srv/alarms")  # what the receiver got, a line for each
MOTION_EVERY_S = 1.0
PYTHON = "/opt/appliance/venv/bin/python"
RELAY = "/var/lib/appliance/relay"  # the sandbox of a switch may write there
CLIP = "/srv/clip.mp4"
PLANT_SETTINGS = "/srv/simulated.toml"
# What runs at FULL with these settings.
RUNNING = (
    *("appliance.target", "appliance-power", "appliance-sensors", "appliance-web.socket"),
    *("appliance-camera@gate", "appliance-cameras@eco", "appliance-hints"),
    *("appliance-inference", "appliance-mqtt", "appliance-switch@modem"),
)
FULL_PCT, EMPTY_PCT = 95, 5

# Real power would go off with the container; nothing here sleeps.
SETTINGS = f"""
[unit]
name = "container"

[host]
may_power_off = false
sleep = "stay"

[charger.main]
model = "epever-tracer"
port = "/dev/appliance/charger"
loads_on_battery = true

[bms.pack]
model = "jk-pb"
port = "tcp://127.0.0.1:5021"
framing = "rtu"

[meter]
poll_every_s = 1

[panels]
peak_w = 10  # too little to hold up an empty battery, at whatever hour this runs

[battery]
capacity_wh = 384

[energy]
follows = "ladder"
dwell_up_s = 0

[camera.gate]
source = "{CLIP}"
onvif = "http://{USER}:{PASSWORD}@127.0.0.1:{ONVIF_PORT}"
allow_local = true

[camera.yard]
source = "{CLIP}"
runs_from = "eco"

[camera.door]
source = "{CLIP}"
runs_from = "eco"

[mqtt]
host = "127.0.0.1"
port = {MQTT_PORT}

[alarm.people]
to = ["owner"]
labels = ["person"]

[recipient.owner]
channels = ["hook"]

[channel.hook]
address_file = "{ADDRESS_FILE}"
allow_local = true

[switch.modem]
path = "{RELAY}"
runs_from = "sentinel"

[simulation]
battery_charge_pct = {{charge_pct}}
temperature_c = 35  # nothing of the charge is hidden by the cold, at whatever hour this runs
"""

# The charger on a serial line, for the group that udev gives a real one; the BMS behind a bridge.
DEVICES = f"""
[Unit]
Before=appliance-power.service
[Service]
WorkingDirectory=/root/release
ExecStartPre=/usr/bin/mkdir -p /dev/appliance
ExecStart={PYTHON} -m provisioning.simulated --settings {PLANT_SETTINGS}
ExecStartPost=/bin/sh -c 'until [ -e /dev/appliance/charger ]; do sleep 0.1; done; \
chgrp dialout $(readlink -f /dev/appliance/charger); chmod 660 /dev/appliance/charger'
[Install]
WantedBy=multi-user.target
"""
CAMERA = f"""
[Service]
WorkingDirectory=/root/release
ExecStart={PYTHON} -m tests.real_pid1.simulated
[Install]
WantedBy=multi-user.target
"""


def format_settings(charge_pct: float) -> str:
    """The settings of the unit, and of the plant that is simulated."""
    return SETTINGS.format(charge_pct=charge_pct)


def write_units(directory: Path) -> list[str]:
    """Put the units where PID 1 reads them; returns their names."""
    units = {"simulated-devices": DEVICES, "simulated-camera": CAMERA}
    for name, text in units.items():
        (directory / f"{name}.service").write_text(text)
    return list(units)


class Receiver(BaseHTTPRequestHandler):
    """A webhook."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with ALARMS.open("ab") as file:
            file.write(body + b"\n")
        self.send_response(204)
        self.end_headers()


@contextmanager
def serve_receiver() -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", ALARM_PORT), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()


def main() -> None:
    broker, receiver = serve_broker(MQTT_PORT), serve_receiver()
    with broker, receiver, OnvifCamera(ONVIF_PORT).serving() as camera:
        while True:
            for active in (True, False):
                camera.set_motion(active)
                time.sleep(MOTION_EVERY_S)


if __name__ == "__main__":
    main()
