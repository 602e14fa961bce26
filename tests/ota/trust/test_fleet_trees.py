"""A unit before the trees that the command `fleet` makes: both sides of the seam, by the files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.errors import TrustError
from ota.mirrors.directory import DirectoryMirror
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient
from tests.ota.release.conftest import Desk

UNIT = UnitIdentity("field-7", "all", "x86-64")
MACHINE = ("--machine", "x86-64")


class Field:
    """A unit with a real disk, and the desk of who signs releases."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ota = desk.directory / "ota"
        self.clock = desk.now
        (self.ota / "trust").mkdir(parents=True)
        for name in ("image", "director"):
            root = desk.fleet / f"trust/{name}-root.json"
            (self.ota / f"trust/{name}-root.json").write_bytes(root.read_bytes())

    def make_client(self, tree: Path | None = None) -> TrustClient:
        mirror = DirectoryMirror(f"file://{tree or self.desk.tree}")
        return TrustClient(self.ota, Disk(), [mirror], UNIT, lambda: self.clock)

    def ask(self, tree: Path | None = None, *, technician: bool = False) -> str:
        client = self.make_client(tree)
        offer = client.ask(technician=technician)
        return offer.manifest.release if offer else str(client.answer and client.answer.reason_code)

    def take(self) -> str:
        """As at COMMIT."""
        client = self.make_client()
        offer = client.ask()
        assert offer is not None
        client.commit(offer.manifest)
        return offer.manifest.release

    def refuse(self, tree: Path | None = None) -> str:
        with pytest.raises(TrustError) as refused:
            self.ask(tree)
        return refused.value.reason_code


@pytest.fixture
def field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Field:
    monkeypatch.setenv("FLEET", str(tmp_path / "fleet"))
    desk = Desk(tmp_path, capsys, datetime.now(UTC))
    desk.do("init", desk.fleet, "--bins", 4)
    desk.issue("r1", 1, *MACHINE)
    desk.issue("r2", 2, *MACHINE)
    desk.do("assign", "field-7", "r1")
    return Field(desk)


def test_a_unit_takes_what_is_assigned_and_then_polls_for_a_kilobyte(field: Field) -> None:
    assert field.take() == "r1"
    field.desk.now += timedelta(hours=1)
    field.clock = field.desk.now
    field.desk.do("renew")
    client = field.make_client()
    assert client.ask() is None
    assert client.received_bytes < 1500
    field.desk.do("assign", "group:all", "r2")
    assert field.ask() == "runs-already"
    field.desk.do("unassign", "field-7")
    assert field.take() == "r2"


def test_a_step_back_is_refused_until_it_is_signed_for_the_unit(field: Field) -> None:
    field.desk.do("assign", "field-7", "r2")
    assert field.take() == "r2"
    field.desk.do("unassign", "field-7")
    field.desk.do("assign", "group:all", "r1")
    assert field.refuse() == "below-ratchet"
    field.desk.do("release", "sign", "r1", "--allow-downgrade")
    field.desk.do("release", "publish")
    field.desk.do("assign", "field-7", "r1", "--allow-downgrade")
    assert field.ask() == "r1"


def test_a_stick_of_fleet_usb_is_taken_with_a_technician_also_after_renewals(field: Field) -> None:
    field.desk.do("usb", field.desk.directory / "stick")
    field.desk.do("renew")
    assert field.ask() == "r1"
    stick = field.desk.directory / "stick"
    assert field.refuse(stick) in ("offline-timestamp", "rollback-timestamp")
    assert field.ask(stick, technician=True) == "r1"
    assert field.ask() == "r1"
    field.clock += timedelta(days=60)
    assert field.ask(stick, technician=True) == "r1"


def test_a_server_dead_for_ninety_days_is_refused_until_it_is_renewed(field: Field) -> None:
    assert field.take() == "r1"
    field.clock += timedelta(days=90)
    assert field.refuse().startswith("expired-")
    field.desk.now = field.clock
    field.desk.do("renew")
    field.desk.do("assign", "field-7", "r2")
    assert field.ask() == "r2"
