"""What `fleet` publishes is taken by the unit's own side: its trust client and its fetcher."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.errors import TrustError
from ota.manifest import LayerKind
from ota.mirrors.directory import DirectoryMirror
from ota.offer import Offer
from ota.payload.content import ContentStore
from ota.payload.store import Fetcher
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient
from tests.ota.release.conftest import APP_FILES, Desk


def make_unit(desk: Desk) -> Path:
    """The update directory of a unit with the roots of trust, as a technician puts them there."""
    directory = desk.directory / "ota"
    shutil.copytree(desk.fleet / "trust", directory / "trust")
    return directory


def ask(directory: Path, tree: Path, *, technician: bool = False) -> Offer | None:
    unit = UnitIdentity("field-7", "all", "x86-64")
    mirror = DirectoryMirror(str(tree))
    client = TrustClient(directory, Disk(), [mirror], unit, lambda: datetime.now(UTC))
    return client.ask(technician=technician)


def test_a_unit_takes_its_release_and_has_the_wheel_byte_for_byte(desk: Desk, wheel: Path) -> None:
    desk.issue("r1", 1, "--app", wheel)
    directory = make_unit(desk)
    assert ask(directory, desk.tree) is None
    desk.do("assign", "group:all", "r1", "--wave", "first")
    offer = ask(directory, desk.tree)
    assert offer is not None
    assert (offer.manifest.release, offer.wave) == ("r1", "first")
    fetcher = Fetcher(ContentStore(directory, Disk()), [DirectoryMirror(str(desk.tree))])
    for layer in offer.manifest.layers:
        fetcher.fetch(layer, may_go_on=lambda: True, progress=lambda _: None)
        fetcher.verify(layer)
    app = offer.manifest.find_layer(LayerKind.APP)
    assert app is not None
    for name, data in APP_FILES.items():
        assert (directory / "content" / app.sha256 / name).read_bytes() == data


def test_a_unit_follows_each_change_of_keys(desk: Desk) -> None:
    desk.issue("r1", 1)
    directory = make_unit(desk)
    desk.do("assign", "field-7", "r1")
    for key in ("image-online-1", "director-online-1", "root-2", "targets-1"):
        desk.do("keys", "revoke", key)
        assert ask(directory, desk.tree) is not None
    desk.do("renew", "--bins", 8)
    assert ask(directory, desk.tree) is not None


def test_a_unit_takes_a_stick_from_a_technician_only(desk: Desk) -> None:
    desk.issue("r1", 1)
    directory, stick = make_unit(desk), desk.directory / "stick"
    desk.do("assign", "field-7", "r1")
    desk.do("usb", stick)
    with pytest.raises(TrustError):
        ask(directory, stick)
    assert ask(directory, stick, technician=True) is not None
    assert ask(directory, desk.tree) is not None


def test_a_question_whether_a_mirror_is_there_does_not_hide_that_a_stick_answered(
    desk: Desk,
) -> None:
    """As before a trial, when nobody needs to be present."""
    desk.issue("r1", 1)
    directory, stick = make_unit(desk), desk.directory / "stick"
    desk.do("assign", "field-7", "r1")
    desk.do("usb", stick)
    mirrors = [DirectoryMirror(str(one)) for one in (stick, desk.tree)]
    unit = UnitIdentity("field-7", "all", "x86-64")
    client = TrustClient(directory, Disk(), mirrors, unit, lambda: datetime.now(UTC))
    assert client.ask(technician=True) is not None
    assert client.ask() is not None
    client.mirrors = mirrors[:1]
    with pytest.raises(TrustError):
        client.ask()
    assert client.answered_by == mirrors[0].name


def test_why_a_stick_was_not_used_is_known_although_a_mirror_answers(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.do("assign", "group:all", "r1")
    directory = make_unit(desk)
    desk.do("init", desk.directory / "other/fleet")
    desk.do("usb", desk.directory / "stick", "--fleet", desk.directory / "other/fleet")
    mirrors = [DirectoryMirror(str(one)) for one in (desk.directory / "stick", desk.tree)]
    unit = UnitIdentity("field-7", "all", "x86-64")
    client = TrustClient(directory, Disk(), mirrors, unit, lambda: datetime.now(UTC))
    assert client.ask(technician=True) is not None
    assert client.answered_by == mirrors[1].name
    assert f"{mirrors[0].name}: " in client.passed_over
    client.mirrors = mirrors[1:]
    client.ask(technician=True)
    assert client.passed_over == ""
