"""`fleet serve` as a real process behind a real nginx: TLS, certificates, the tree, limits."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import urllib3
from sqlalchemy import Engine

from appliance.sections.network import FleetSettings
from ota.disk import Disk
from ota.errors import LinkError, RefusedError
from ota.fleet.claims.authority import format_certificate, open_authority
from ota.fleet.claims.tokens import Wanted, make_token
from ota.fleet.database.opening import open_database
from ota.fleet.registry.changes import revoke_unit
from ota.fleet.registry.questions import read_unit, reading
from ota.mirrors.web import WebMirror
from ota.reporting.file_names import CERTIFICATE, PRIVATE
from ota.reporting.server import FleetServer
from ota.reporting.unit_key import read_key
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient
from provisioning.fleet_demo.demo_clock import DemoClock
from provisioning.fleet_demo.signing import Engineer
from provisioning.free_ports import find_free_port
from tests.conftest import ROOT
from tests.stand_ins.fleet_unit import FleetUnit
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.skipif(
        shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None,
        reason="needs nginx: apt-get install nginx-light",
    ),
    pytest.mark.slow,
]


@dataclass
class Served:
    """A server that runs; `said`: where its words go."""

    fleet: Path
    port: int
    page_port: int
    process: subprocess.Popen[bytes]
    said: Path
    engine: Engine

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def authority(self) -> Path:
        return self.fleet / "ca/ca.pem"

    def make_unit(self, directory: Path, name: str) -> FleetUnit:
        """One that has entered, and shows its certificate."""
        unit = FleetUnit(directory, name, lambda *_: (500, b""))
        unit.over = self.connect()
        wanted = Wanted(name, "all", unit.serial)
        unit.claim(make_token(self.engine, wanted, datetime.now(UTC)))
        unit.over = self.connect(directory)
        return unit

    def connect(self, directory: Path | None = None) -> FleetServer:
        """`directory`: of the unit whose certificate is shown; None: none."""
        settings = FleetSettings(server=self.address, ca_file=self.authority)
        if directory is None:
            return FleetServer(settings)
        return FleetServer(settings, directory / CERTIFICATE, directory / PRIVATE)

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.said.read_text()
        pool = urllib3.PoolManager(ca_certs=str(self.authority), retries=False)
        try:
            return bool(pool.request("GET", f"{self.address}/healthz").status == 200)
        except urllib3.exceptions.HTTPError:
            return False


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("serve")
    engineer = Engineer(directory / "fleet", DemoClock(datetime.now(UTC)))
    engineer.begin(2)
    engineer.release("2026.12", 12)
    engineer.type("assign", "group:all", "2026.12", "--fleet", engineer.directory)
    with start(directory) as made:
        yield made


class start:  # noqa: N801  (read as a verb)
    """A server of the fleet in `directory`, which ends with the block."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __enter__(self) -> Served:
        port, page_port = find_free_port(), find_free_port()
        fleet, said = self.directory / "fleet", self.directory / "said"
        words = ["serve", "--name", "localhost", "--name", "127.0.0.1", "--fleet", str(fleet)]
        words += ["--port", str(port), "--page-port", str(page_port)]
        command = [sys.executable, "-m", "ota.fleet", *words]
        with said.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
        engine = open_database(f"sqlite:///{fleet / 'fleet.db'}")
        self.served = Served(fleet, port, page_port, process, said, engine)
        wait_until(self.served.authority.exists, "the fleet's authority")
        wait_until(self.served.is_up, "the server")
        return self.served

    def __exit__(self, *_: object) -> None:
        self.served.process.terminate()
        self.served.process.wait(30)
        self.served.engine.dispose()


def test_a_unit_enters_and_reports_over_tls(served: Served, tmp_path: Path) -> None:
    unit = served.make_unit(tmp_path / "unit", "field-7")
    unit.report()
    with reading(served.engine) as connection:
        found = read_unit(connection, "field-7", datetime.now(UTC))
    assert found is not None
    assert found["running_release"] == "2026.11"


def test_a_unit_takes_its_release_from_the_same_server(served: Served, tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    for root in (served.fleet / "trust").glob("*-root.json"):
        shutil.copy(root, tmp_path / "trust")
    mirror = WebMirror(served.address, ca_file=served.authority)
    identity = UnitIdentity("field-1", "all", "x86-64")
    client = TrustClient(tmp_path, Disk(), (mirror,), identity, lambda: datetime.now(UTC))
    offer = client.ask()
    assert offer is not None
    assert offer.manifest.release == "2026.12"


def test_the_certificate_of_another_unit_is_refused(served: Served, tmp_path: Path) -> None:
    first = served.make_unit(tmp_path / "first", "field-11")
    second = served.make_unit(tmp_path / "second", "field-12")
    first.over = served.connect(second.directory)
    with pytest.raises(RefusedError) as caught:
        first.report()
    assert caught.value.reason_code == "wrong-certificate"


def test_a_certificate_of_another_authority_is_refused(served: Served, tmp_path: Path) -> None:
    unit = served.make_unit(tmp_path / "unit", "field-13")
    stranger = open_authority(tmp_path / "stranger", datetime.now(UTC))
    public = read_key(Disk(), unit.directory).public
    made = stranger.issue(unit.serial, public, datetime.now(UTC))
    (unit.directory / CERTIFICATE).write_text(format_certificate(made))
    unit.over = served.connect(unit.directory)
    with pytest.raises(RefusedError) as caught:
        unit.report()
    assert caught.value.reason_code == "wrong-certificate"


def test_nobody_says_by_a_header_which_certificate_they_have(
    served: Served, tmp_path: Path
) -> None:
    unit = served.make_unit(tmp_path / "unit", "field-14")
    report = unit.sign()
    headers = {"Report-Signature": report.signature, "X-Client-Serial": "box-of-others"}
    answer = served.connect().post("api/v1/reports", report.data, headers)
    assert answer["sha256"] == report.sha256


def test_the_operators_page_is_not_to_be_had_where_units_are_served(served: Served) -> None:
    pool = urllib3.PoolManager(ca_certs=str(served.authority), retries=False)
    for path in ("/api/v1/fleet", "/api/v1/units"):
        assert pool.request("GET", f"{served.address}{path}").status == 404
    inside = f"http://127.0.0.1:{served.page_port}/api/v1/fleet"
    assert urllib3.request("GET", inside, retries=False).status == 200


def test_no_file_beside_the_tree_is_served(served: Served) -> None:
    pool = urllib3.PoolManager(ca_certs=str(served.authority), retries=False)
    for path in ("/../fleet.db", "/..%2ffleet.db", "/%2e%2e/ca/ca-key.pem", "/fleet.db"):
        assert pool.request("GET", f"{served.address}{path}").status in (400, 404)


def test_who_asks_too_fast_is_told_to_wait(served: Served, tmp_path: Path) -> None:
    copy_fleet(served, tmp_path)
    with start(tmp_path) as second:
        server = second.connect()
        told = [tell(server) for _ in range(200)]
    assert told[0] == "report-invalid"
    assert "too many requests" in told[-1]


def tell(server: FleetServer) -> str:
    """Why something that is no report is refused."""
    try:
        server.post("api/v1/reports", b"{}", {})
    except RefusedError as error:
        return error.reason_code
    except LinkError as error:
        return str(error)
    return ""


def test_a_release_that_is_published_is_served_within_the_next_minutes_work(
    served: Served,
) -> None:
    from ota.fleet.serve.upkeep import Upkeep
    from ota.release.keys.secrets_source import SecretsSource

    timestamp = Path("director/metadata/timestamp.json")
    before = (served.fleet / "www" / timestamp).read_bytes()
    engineer = Engineer(served.fleet, DemoClock(datetime.now(UTC)))
    engineer.type("assign", "field-99", "2026.12", "--fleet", served.fleet)
    ca, www = served.fleet / "ca", served.fleet / "www"
    upkeep = Upkeep(served.fleet, www, ca, served.engine, SecretsSource({}))
    assert any("has the tree" in line for line in upkeep.keep_up(datetime.now(UTC)))
    assert (www / timestamp).read_bytes() != before


def test_a_unit_that_was_taken_out_is_refused_by_its_certificate_too(
    tmp_path: Path, served: Served
) -> None:
    from ota.fleet.serve.upkeep import Upkeep
    from ota.release.keys.secrets_source import SecretsSource

    unit = served.make_unit(tmp_path / "unit", "field-15")
    revoke_unit(served.engine, "field-15", "stolen", datetime.now(UTC))
    ca, www = served.fleet / "ca", served.fleet / "www"
    upkeep = Upkeep(served.fleet, www, ca, served.engine, SecretsSource({}))
    assert upkeep.write_revoked(datetime.now(UTC))
    assert not upkeep.write_revoked(datetime.now(UTC))
    os.kill(find_proxy(served), signal.SIGHUP)

    def is_refused() -> bool:
        unit.over = served.connect(unit.directory)
        with pytest.raises(RefusedError) as caught:
            unit.report()
        return caught.value.reason_code == "wrong-certificate"

    wait_until(is_refused, "the refusal of a revoked certificate")


def copy_fleet(served: Served, directory: Path) -> None:
    """The same fleet for a server of its own."""
    shutil.copytree(served.fleet, directory / "fleet", ignore=shutil.ignore_patterns("*.sock"))


def list_children(process_id: int) -> list[Path]:
    """The places of its children in /proc."""
    names = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return [Path("/proc", name) for name in names]


def find_proxy(served: Served) -> int:
    return int((served.fleet / "serve/nginx.pid").read_text())


def test_the_server_ends_with_its_proxy_and_says_so(served: Served, tmp_path: Path) -> None:
    copy_fleet(served, tmp_path)
    with start(tmp_path) as second:
        workers = list_children(find_proxy(second))
        os.kill(find_proxy(second), signal.SIGKILL)
        wait_until(lambda: second.process.poll() is not None, "the end of the server")
        assert workers
        wait_until(lambda: not any(map(Path.exists, workers)), "the end of the proxy's workers")
        assert second.process.returncode == 1
        assert "nginx has ended" in second.said.read_text()


def test_the_proxy_does_not_outlive_a_server_that_is_killed(served: Served, tmp_path: Path) -> None:
    copy_fleet(served, tmp_path)
    with start(tmp_path) as second:
        proxy = find_proxy(second)
        second.process.kill()
        wait_until(lambda: not Path(f"/proc/{proxy}").exists(), "the end of the proxy")
    with start(tmp_path) as third:
        assert third.is_up()


def test_a_port_that_is_in_use_is_told(served: Served, tmp_path: Path) -> None:
    copy_fleet(served, tmp_path)
    words = ["serve", "--name", "localhost", "--fleet", str(tmp_path / "fleet")]
    words += ["--port", str(served.port), "--page-port", str(find_free_port())]
    command = [sys.executable, "-m", "ota.fleet", *words]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "its port is in use" in done.stderr


def test_a_second_server_of_one_directory_takes_nothing_from_the_first(served: Served) -> None:
    words = ["serve", "--name", "localhost", "--fleet", str(served.fleet)]
    words += ["--port", str(find_free_port()), "--page-port", str(find_free_port())]
    command = [sys.executable, "-m", "ota.fleet", *words]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "is served already" in done.stderr) == (1, True)
    assert served.is_up()


def test_what_is_too_large_is_refused_with_a_reason(served: Served) -> None:
    with pytest.raises(RefusedError) as caught:
        served.connect().post("api/v1/reports", b"x" * 300_000, {})
    assert caught.value.reason_code == "request-invalid"


def test_units_that_look_for_a_newer_root_fill_no_log(served: Served) -> None:
    pool = urllib3.PoolManager(ca_certs=str(served.authority), retries=False)
    answer = pool.request("GET", f"{served.address}/image/metadata/99.root.json")
    assert answer.status == 404
    assert served.is_up()
    assert "99.root.json" not in served.said.read_text()
