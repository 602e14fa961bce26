"""What a unit with a TPM does, in a Debian that has one: `python -m tests.real_tpm.inside VERB`.

Prints JSON; an error of the unit is {"error": text, "reason_code": ...}.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError
from appliance.sections.network import FleetSettings
from ota.disk import Disk
from ota.push.secrets import make_tls_context
from ota.reporting.file_names import CERTIFICATE, PRIVATE
from ota.reporting.server import FleetServer
from ota.reporting.tpm_tls import prepare_tls
from ota.reporting.unit_key import read_key
from tests.stand_ins.fleet_unit import FleetUnit

SAMPLES = 20


def key(directory: str) -> dict[str, Any]:
    Path(directory).mkdir(exist_ok=True)
    found = read_key(Disk(), Path(directory))
    return {"place": found.place, "sha256": found.sha256}


def claim(directory: str, server: str, ca_file: str, token: str) -> dict[str, Any]:
    unit = make_unit(directory, FleetServer(FleetSettings(server=server, ca_file=Path(ca_file))))
    return {"group": unit.claim(token).group}


def report(directory: str, server: str, ca_file: str, shown: str) -> dict[str, Any]:
    """`shown`: the directory of the unit whose certificate is shown; its report is signed all the
    same where that cannot be.
    """
    settings = FleetSettings(server=server, ca_file=Path(ca_file))
    certificate = Path(shown) / CERTIFICATE
    trouble = prepare_tls(certificate, Path(shown) / PRIVATE)
    over = FleetServer(settings, None if trouble else certificate, Path(shown) / PRIVATE)
    sent = make_unit(directory, over).report()
    return {"sha256": sent.sha256, "trouble": trouble}


def sign(directory: str, path: str) -> dict[str, Any]:
    found = read_key(Disk(), Path(directory))
    data = Path(path).read_bytes()
    Path(f"{path}.sig").write_bytes(found.sign(data))
    return {"signature_ms": measure_ms(lambda: found.sign(data))}


def handshake(directory: str, ca_file: str, port: str) -> dict[str, Any]:
    """As the push service connects."""
    began_s = time.perf_counter()
    context = make_tls_context(Path(directory), Path(ca_file))
    loaded_s = time.perf_counter() - began_s

    def connect() -> str:
        with (
            socket.create_connection(("127.0.0.1", int(port))) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as over,
        ):
            return over.recv(200).decode()

    said = connect()
    return {"said": said, "load_ms": loaded_s * 1000, "handshake_ms": measure_ms(connect)}


def measure_ms(act: Callable[[], object]) -> float:
    """The middle of some."""
    spans = []
    for _ in range(SAMPLES):
        began_s = time.perf_counter()
        act()
        spans.append(time.perf_counter() - began_s)
    return sorted(spans)[len(spans) // 2] * 1000


def make_unit(directory: str, over: FleetServer) -> FleetUnit:
    name = Path(directory).name
    unit = FleetUnit(Path(directory), name, lambda *_: (500, b""))
    unit.over = over
    return unit


VERBS: dict[str, Callable[..., dict[str, Any]]] = {
    one.__name__: one for one in (key, claim, report, sign, handshake)
}


def main() -> None:
    verb, *words = sys.argv[1:]
    if verb == "without-provider":
        os.environ["OPENSSL_MODULES"] = "/nonexistent"
        verb, *words = words
    try:
        print(json.dumps(VERBS[verb](*words)))
    except ApplianceError as error:
        print(json.dumps({"error": str(error), "reason_code": getattr(error, "reason_code", "")}))


if __name__ == "__main__":
    main()
