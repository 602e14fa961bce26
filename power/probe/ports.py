"""The serial ports of this computer: which there are, their lasting names, and who has one.

Reads: /dev. Writes: nothing.
Never: sends on a port. To see whether another program has it, it is opened for a moment.
"""

import errno
import fcntl
import os
import re
from pathlib import Path

DEVICES = Path("/dev")
BY_PATH = "serial/by-path"  # named by the USB socket: stays the same when adapters are replaced
ADAPTERS = ("ttyUSB*", "ttyACM*")
KERNEL_NAME = re.compile(r"tty(USB|ACM)\d+")  # given in the order of plugging in


def list_serial_ports(devices: Path = DEVICES) -> list[str]:
    """All USB serial ports by their lasting names, else by the kernel's; each port once."""
    links = sorted((devices / BY_PATH).glob("*"))
    once = {link.resolve(): str(link) for link in reversed(links)}
    found = sorted(once.values())
    for pattern in ADAPTERS:
        found += [str(one) for one in sorted(devices.glob(pattern)) if one.resolve() not in once]
    return found


def find_lasting_name(port: str, devices: Path = DEVICES) -> str:
    """The name by the USB socket of a port that was given by the kernel's passing one."""
    if not KERNEL_NAME.fullmatch(Path(port).name):
        return port
    links = sorted((devices / BY_PATH).glob("*"))
    return next((str(link) for link in links if link.resolve() == Path(port).resolve()), port)


def is_same_port(one: str, other: str) -> bool:
    """Whether two names mean one port."""
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def is_in_use(port: str) -> bool:
    """Whether another program has the port for itself."""
    try:
        handle = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
