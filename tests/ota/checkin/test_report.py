"""The report after a check-in: what it holds, and that `openssl` verifies its signature."""

import json
import shutil
import stat
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import CameraError
from appliance.model import EnergyLevel, Sleep, Wake
from appliance.model_updates import UpdateState, UpdateStep
from appliance.settings import Settings
from ota.checkin.report import Reporter
from ota.disk import Disk
from ota.errors import UpdateError
from ota.layers.layers import Layers
from ota.machine.progress import Progress, Record
from ota.reporting.file_names import PRIVATE, PUBLIC
from ota.reporting.unit_key import read_key
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.update_unit import make_offer

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "ota"
    made.mkdir()
    return made


@pytest.fixture
def reporter(
    settings: Settings, directory: Path, open_store: OpenStore, clock: FakeClock
) -> Reporter:
    settings = replace(settings, update=replace(settings.update, dir=directory, group="hills"))
    return Reporter(settings, open_store("checkin"), Disk())


def openssl(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["openssl", *words]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


VERIFY = ("dgst", "-sha256", "-verify", PUBLIC, "-signature", "report.json.sig", "report.json")


@needs_openssl
def test_openssl_verifies_the_report_and_refuses_a_changed_one(
    reporter: Reporter, directory: Path
) -> None:
    reporter.write(Progress(), "")
    reporter.write(Progress(), "")
    assert "Verified OK" in openssl(directory, *VERIFY).stdout
    shown = openssl(directory, "ec", "-in", PRIVATE, "-noout", "-text")
    assert "prime256v1" in shown.stdout
    report = directory / "report.json"
    report.write_bytes(report.read_bytes().replace(b"hills", b"hillz"))
    assert "Verification failure" in openssl(directory, *VERIFY).stdout


def test_the_key_is_made_once_and_is_the_owners_alone(directory: Path) -> None:
    first = read_key(Disk(), directory).format_public()
    assert read_key(Disk(), directory).format_public() == first
    assert stat.S_IMODE((directory / PRIVATE).stat().st_mode) == 0o600
    (directory / PUBLIC).unlink()
    read_key(Disk(), directory)
    assert (directory / PUBLIC).read_bytes() == first


@pytest.mark.parametrize("data", [b"", b"no key", b"x" * 10_000])
def test_a_damaged_key_is_not_replaced(directory: Path, data: bytes) -> None:
    (directory / PRIVATE).write_bytes(data)
    with pytest.raises((UpdateError, OSError)):
        read_key(Disk(), directory)
    assert (directory / PRIVATE).read_bytes() == data


@needs_openssl
def test_a_key_of_another_kind_is_refused(directory: Path) -> None:
    openssl(directory, "genpkey", "-algorithm", "ed25519", "-out", PRIVATE)
    with pytest.raises(UpdateError, match=r"is no ECDSA P-256 key.*remove it"):
        read_key(Disk(), directory)


def test_it_says_what_runs_what_waits_and_how_the_unit_is(
    reporter: Reporter, open_store: OpenStore, clock: FakeClock, directory: Path
) -> None:
    filled.fill(open_store)
    now = clock.stamp()
    open_store("checkin").add(UpdateState(now, UpdateStep.GATE, "3", "2", "it waits", "energy"))
    secret = CameraError(f"{filled.SECRET_URL} does not answer")
    open_store("camera").raise_fault("camera@gate", secret)
    manifest = make_offer("2", sequence=2).manifest
    tree = directory / "content" / manifest.layers[0].sha256
    tree.mkdir(parents=True)
    layers = Layers(directory, Disk())
    layers.start_trial(manifest)
    layers.commit()
    record = Record(now, UpdateStep.COMMIT, "2", "ab" * 32, "works", {"os_sha256": "cd" * 32})
    reporter.write(Progress.fold([record]), "2")
    report = json.loads((directory / "report.json").read_text())
    assert (report["running_release"], report["reason"], report["waits_for"]) == (
        "2",
        "it waits",
        "energy",
    )
    assert report["os"] == {"release": "2", "sha256": "cd" * 32}
    assert report["app_sha256"] == manifest.layers[0].sha256
    assert (report["unit"], report["group"]) == (reporter.settings.unit.name, "hills")
    assert report["energy"]["charge_pct"] == 72.0
    assert [one["code"] for one in report["faults"]] == ["camera"]
    assert "hunter2" not in json.dumps(report)


def test_before_a_sleep_it_says_when_the_unit_is_back_and_after_it_nothing(
    reporter: Reporter, open_store: OpenStore, clock: FakeClock
) -> None:
    power, now = open_store("power"), clock.stamp()
    back = now.utc + timedelta(hours=9)
    power.add(Sleep(now, EnergyLevel.HIBERNATE, back, "the clock", back, 19.0, 2.0, "no load"))
    assert str(reporter.describe(Progress(), "")["expected_at"]).startswith("2026-04-15T11:00")
    clock.advance(9 * 3600)
    power.add(Wake(clock.stamp(), now.utc, "the clock", 0, 18.0, stays=True, reason="sun"))
    assert reporter.describe(Progress(), "")["expected_at"] is None


def test_a_unit_of_which_nothing_is_known_reports_that(reporter: Reporter) -> None:
    report = reporter.describe(Progress(), "")
    assert report["energy"] == {
        "level": None,
        "charge_pct": None,
        "sigma_pct": None,
        "sun_week_kwh": None,
        "autonomy_days": None,
    }
    assert (report["app_sha256"], report["models"], report["expected_at"]) == (None, {}, None)


def test_a_fault_with_odd_words_is_told_in_one_short_line(
    reporter: Reporter, open_store: OpenStore
) -> None:
    open_store("camera").raise_fault("camera", CameraError("a\x1bb\n" + "word " * 500))
    (fault,) = reporter.describe(Progress(), "")["faults"]
    assert fault["text"].startswith(r"a\x1bb\nword")
    assert len(fault["text"]) < 530
