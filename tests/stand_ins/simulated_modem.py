"""A modem that speaks AT commands (3GPP TS 27.005, 27.007) to the real ModemManager.

    with run_modem(tmp_path) as modem:
        modem.wait_for_state(8)
        ...                             # DBUS_SYSTEM_BUS_ADDRESS=modem.address
    modem.sent                          # [("+40711222333", "a person at the gate")]

The daemon is Debian's package modemmanager on a private system bus, with its own options for tests:
a port that is an abstract socket, no udev. polkit is python-dbusmock's.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg

from tests.stand_ins import modem_manager
from tests.stand_ins.modem_manager import MODEM, NAME, ROOT, SYSTEM_PYTHON, has_owner
from tests.stand_ins.private_bus import run_bus
from tests.waiting import wait_until

DAEMON = Path("/usr/sbin/ModemManager")
OPTIONS = (
    "--test-enable",
    "--test-no-udev",
    "--test-no-suspend-resume",
    "--test-no-qrtr",
    "--no-auto-scan",
)
POLKIT, AUTHORITY = "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority"
MOCK = "org.freedesktop.DBus.Mock"
END = b"\x1a"
OK, ERROR = b"\r\nOK\r\n", b"\r\nERROR\r\n"
KNOWN = {
    "AT+CPIN?": "+CPIN: READY",
    "AT+GCAP": "+GCAP: +CGSM",
    "AT+CGMI": "maker",
    "AT+CGMM": "model",
    "AT+CGMR": "1.0",
    "AT+CGSN": "356938035643809",
    "AT+CIMI": "310150123456789",
    "AT+CFUN?": "+CFUN: 1",
    "AT+CREG?": '+CREG: 2,1,"1234","00005678"',
    "AT+CGREG?": '+CGREG: 2,1,"1234","00005678"',
    "AT+COPS?": '+COPS: 0,0,"Operator"',
    "AT+CSQ": "+CSQ: 20,0",
    "AT+CMGF=?": "+CMGF: (0,1)",
    "AT+CPMS=?": '+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")',
    "AT+CSCS=?": '+CSCS: ("GSM","UCS2")',
    "AT+CNMI=?": "+CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1),(0,1)",
}
TAKEN = (
    "ATZ",
    "ATE0",
    "ATV1",
    "ATX4",
    "AT&C1",
    "AT+CMEE=",
    "AT+CMGF=0",
    "AT+CREG=",
    "AT+CGREG=",
    "AT+CNMI=",
    "AT+CPMS=",
    "AT+CSCS=",
    "AT+CFUN=",
    "AT+CMGL=",
)
# 3GPP TS 23.038, as far as it is ASCII.
ESCAPE, EXTENSION = 0x1B, {0x3C: "[", 0x3E: "]"}
GSM_7 = {0: "@", 2: "$", 0x11: "_"} | {code: chr(code) for code in (0x0A, 0x0D, *range(0x20, 0x7B))}


def find_missing() -> str:
    """Why there can be none here; "" where there can."""
    missing = modem_manager.find_missing()
    return missing or ("" if DAEMON.exists() else "Debian package modemmanager is missing")


WHY_NOT = find_missing()
Test = TypeVar("Test", bound=Callable[..., None])


def needs_real_modem_manager(test: Test) -> Test:
    """Leave a test out where there can be none."""
    return pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)(test)  # type: ignore[no-any-return]


@dataclass
class SimulatedModem:
    """`refusal`: what the network answers to an SMS, such as "+CMS ERROR: 38"; "" for yes.
    `answers`: what differs from `KNOWN`. `sent`: number and text of each part.
    """

    name: str
    address: str = ""
    refusal: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def serve(self) -> None:
        """Connections of ModemManager, one after the other, until the socket is closed."""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as port:
            port.bind(f"\0{self.name}")
            port.listen()
            while True:
                connection, _ = port.accept()
                with connection:
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        heard, ending = b"", b"\r"
        while data := connection.recv(4096):
            heard += data
            while ending in heard:
                line, _, heard = heard.partition(ending)
                text = line.decode("ascii", "replace").strip()
                if ending == END:
                    connection.sendall(self._take(text))
                    ending = b"\r"
                elif text.startswith("AT+CMGS="):
                    connection.sendall(b"\r\n> ")
                    ending = END
                else:
                    connection.sendall(self._answer(text))

    def _answer(self, command: str) -> bytes:
        known = (KNOWN | self.answers).get(command)
        if known is not None:
            is_error = known.startswith("+CM") and "ERROR" in known
            return b"\r\n%b\r\n%b" % (known.encode(), b"" if is_error else OK)
        return OK if command == "AT" or command.startswith(TAKEN) else ERROR

    def _take(self, pdu: str) -> bytes:
        """One part of an SMS, as the network takes it."""
        if self.refusal:
            return f"\r\n{self.refusal}\r\n".encode()
        self.sent.append(decode_submit(bytes.fromhex(pdu)))
        return b"\r\n+CMGS: 7\r\n" + OK

    def find_state(self) -> int | None:
        """MMModemState; None while ModemManager knows no modem."""
        interface = "org.freedesktop.DBus.ObjectManager"
        (objects,) = call(self.address, (NAME, ROOT, interface), "GetManagedObjects")
        states = [faces[MODEM]["State"][1] for faces in objects.values() if MODEM in faces]
        return int(states[0]) if states else None

    def wait_for_state(self, state: int) -> None:
        wait_until(lambda: self.find_state() == state, f"state {state} of the modem", 60.0)

    def allow(self, *actions: str, others: bool = False) -> None:
        """What polkit says yes to."""
        authority = (POLKIT, AUTHORITY, MOCK)
        call(self.address, authority, "AllowUnknown", ("b", (others,)))
        call(self.address, authority, "SetAllowed", ("as", (list(actions),)))

    def enable(self) -> None:
        call(self.address, (NAME, f"{ROOT}/Modem/0", MODEM), "Enable", ("b", (True,)))


def decode_submit(pdu: bytes) -> tuple[str, str]:
    """Number and text of an SMS-SUBMIT without validity period (3GPP TS 23.040)."""
    pdu = pdu[1 + pdu[0] :]  # the service centre's address
    has_header, digits = bool(pdu[0] & 0x40), pdu[2]
    packed = pdu[4 : 4 + (digits + 1) // 2]
    number = "".join(f"{byte & 15:x}{byte >> 4:x}" for byte in packed)[:digits]
    rest = pdu[4 + len(packed) :]
    validity = {0: 0, 2: 1}[pdu[0] >> 3 & 3]
    coding, length, data = rest[1], rest[2 + validity], rest[3 + validity :]
    header = 1 + data[0] if has_header else 0
    if coding & 0x0C == 8:
        return f"+{number}", data[header:].decode("utf-16-be")
    skipped = (header * 8 + 6) // 7
    return f"+{number}", decode_septets(unpack(data, length)[skipped:])


def decode_septets(septets: list[int]) -> str:
    """Text of the basic set, and of its extension behind an escape."""
    text = ""
    for before, one in zip([0, *septets], septets, strict=False):
        known = EXTENSION if before == ESCAPE else GSM_7
        text += "" if one == ESCAPE else known[one]
    return text


def unpack(data: bytes, count: int) -> list[int]:
    """Septets out of octets."""
    bits = int.from_bytes(data, "little")
    return [bits >> 7 * index & 0x7F for index in range(count)]


def call(
    address: str,
    where: tuple[str, str, str],
    method: str,
    given: tuple[str | None, tuple[Any, ...]] = (None, ()),
) -> tuple[Any, ...]:
    """One method of (name, path, interface)."""
    name, path, interface = where
    with open_dbus_connection(bus=address) as connection:
        message = new_method_call(DBusAddress(path, name, interface), method, *given)
        answer: tuple[Any, ...] = unwrap_msg(connection.send_and_get_reply(message, timeout=60.0))
        return answer


@contextmanager
def run_modem(directory: Path, **options: Any) -> Iterator[SimulatedModem]:
    """The bus, polkit, ModemManager and the modem."""
    modem = SimulatedModem(f"abstract:{directory.name}", **options)
    threading.Thread(target=modem.serve, daemon=True).start()
    with run_bus(directory) as modem.address:
        names = ("DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS")
        environment = os.environ | dict.fromkeys(names, modem.address)
        polkit = (SYSTEM_PYTHON, "-m", "dbusmock", "--system", "--template", "polkitd")
        daemon = (str(DAEMON), *OPTIONS, f"--log-file={directory / 'modem-manager.log'}")
        with run(polkit, environment, modem.address, POLKIT):
            modem.allow(others=True)
            with run(daemon, environment, modem.address, NAME):
                interface = f"{NAME}.Test"
                given = ("ssas", ("test-0", "generic", [modem.name]))
                call(modem.address, (NAME, ROOT, interface), "SetProfile", given)
                yield modem


@contextmanager
def run(
    words: tuple[str, ...], environment: dict[str, str], address: str, name: str
) -> Iterator[None]:
    """A service of the bus, from when it has its name."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            wait_until(lambda: has_owner(address, name), f"{name} on the bus", 30.0)
            yield
        finally:
            process.terminate()
