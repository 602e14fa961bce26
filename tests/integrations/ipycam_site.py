"""ipycam, an ONVIF camera that nobody here wrote, in a network of its own, and who looks for it.

    unshare --net python -m tests.integrations.ipycam_site PORT

It answers searches at all addresses of the computer, so it runs where there is loopback only. What
is found and told is printed as JSON. Reads: build/ipycam. Writes: nothing.
"""

import fcntl
import json
import logging
import socket
import struct
import sys
from dataclasses import asdict
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

from sensors.camera.discovery import asking, survey
from sensors.camera.discovery.answers import Service
from sensors.camera.discovery.asking import Login
from sensors.camera.discovery.networks import Network
from sensors.camera.discovery.troubles import AskingError

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
USER, PASSWORD = "viewer", "s3cret-of-ipycam"
LOOPBACK = Network("lo", IPv4Interface("127.0.0.1/8"))


def switch_loopback_on() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))


def start_camera(port: int) -> Any:
    """The camera; it runs in threads of this process."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "build/ipycam"))
    from ipycam import CameraConfig, IPCamera

    config = CameraConfig(
        local_ip="127.0.0.1",
        name="Yard",
        onvif_port=port,
        rtsp_port=port + 1,
        username=USER,
        password=PASSWORD,
    )
    camera = IPCamera(config)
    assert camera.start()
    return camera


def ask(service: Service, login: Login) -> dict[str, Any]:
    try:
        found = survey.examine(service, login)
    except AskingError as error:
        return {"trouble": error.trouble.value, "said": str(error)}
    return {
        "facts": {**asdict(found.facts), "profiles": len(found.facts.profiles)},
        "main": found.choice.main and found.choice.main.url,
        "sub": found.choice.sub and found.choice.sub.url,
        "advice": list(found.choice.advice),
    }


def main() -> None:
    logging.disable(logging.CRITICAL)
    switch_loopback_on()
    port = int(sys.argv[1])
    camera = start_camera(port)
    sightings, troubles = survey.find_cameras({}, 1.5, [LOOPBACK])
    service = Service(IPv4Address("127.0.0.1"), port)
    told = {
        "found": [
            {"service": one.device.service.url, "name": one.device.name} for one in sightings
        ],
        "troubles": list(troubles),
        "nobody": ask(service, asking.NOBODY),
        "wrong": ask(service, Login(USER, "not-this-one")),
        "right": ask(service, Login(USER, PASSWORD)),
    }
    print(json.dumps(told), flush=True)
    camera.stop()


if __name__ == "__main__":
    main()
