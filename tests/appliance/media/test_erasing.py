"""`unitctl events erase`: what a person wants gone is gone, and nothing else."""

import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance import settings_file
from appliance.__main__ import main
from appliance.clock import SystemClock
from appliance.errors import StoreError
from appliance.media import erasing
from appliance.media.thumbnails import START, embed_thumbnail
from appliance.model import Stamp
from appliance.model_cameras import Event
from appliance.store.store import Store
from appliance.web.app import create_app
from tests.scenes import filled

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
BOOT = "0000beef"


class Unit:
    """A unit with events of two cameras on three days, each with a picture, some with a clip."""

    def __init__(self, directory: Path, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings = directory / "unit.toml"
        self.settings.write_text('[unit]\ndata_dir = "data"\n')
        self.data = directory / "data"
        self.database = self.data / "unit.db"
        self.data.mkdir()
        shutil.copy(database, self.database)
        self.writer = Store(self.database, SystemClock(), "inference")
        self._capsys = capsys
        for day in range(3):
            for camera in ("gate", "gate-2"):
                self.add_event(NOON + timedelta(days=day), camera, clip=day == 0)

    def add_event(self, at: datetime, camera: str, clip: bool = False) -> str:
        """Store an event with its files, as the inference service does."""
        event_id = f"{at:%Y%m%dT%H%M%SZ}-{camera}-beef-1"
        picture = f"snapshots/{at:%Y-%m-%d}/{event_id}.jpg"
        self.put(picture, at)
        if clip:
            self.put(picture.replace(".jpg", ".mp4"), at)
        event = filled.event(Stamp(at, BOOT, 1.0), event_id)
        self.writer.add(replace(event, camera=camera, snapshot=picture, last_seen=at))
        return event_id

    def put(self, name: str, at: datetime) -> None:
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a face")
        os.utime(path, (at.timestamp(), at.timestamp()))

    def type(self, *words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(["events", *words, "--settings", str(self.settings)])
        out, err = self._capsys.readouterr()
        return int(left.value.code or 0), out, err

    @property
    def events(self) -> list[str]:
        return [event.event_id for event in self.writer.rows(Event)]

    @property
    def files(self) -> list[str]:
        found = (self.data / "snapshots").rglob("*")
        return sorted(path.name for path in found if path.is_file())


@pytest.fixture
def unit(
    tmp_path: Path, prepared_database: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Unit]:
    made = Unit(tmp_path, prepared_database, capsys)
    yield made
    made.writer.close()


def test_what_is_older_goes_with_pictures_and_clips(unit: Unit) -> None:
    code, out, _ = unit.type("erase", "--before", "2026-04-17T00:00+00:00", "--yes")
    assert code == 0
    assert out == ("erased: 4 events, 4 pictures, 2 clips from before 2026-04-17 00:00:00\n")
    assert len(unit.events) == 2
    assert all(name.startswith("20260417T") for name in [*unit.events, *unit.files])
    assert not (unit.data / "snapshots/2026-04-15").exists()


def test_one_camera_goes_and_its_namesake_stays(unit: Unit) -> None:
    code, out, _ = unit.type("erase", "--camera", "gate", "--yes")
    assert (code, out) == (0, "erased: 3 events, 3 pictures, 1 clip of the camera gate\n")
    assert len(unit.events) == 3
    assert all("-gate-2-" in name for name in [*unit.events, *unit.files])


def test_an_event_of_another_name_goes_with_its_camera(unit: Unit) -> None:
    unit.writer.add(replace(filled.event(Stamp(NOON, BOOT, 1.0), "e1"), camera="gate"))
    unit.type("erase", "--camera", "gate", "--yes")
    assert "e1" not in unit.events


def test_one_event_goes(unit: Unit) -> None:
    gone, *others = unit.events
    code, out, _ = unit.type("erase", "--event", gone, "--yes")
    assert (code, out) == (0, f"erased: 1 event, 1 picture, 1 clip of the event {gone}\n")
    assert unit.events == others
    assert not [name for name in unit.files if name.startswith(f"{gone}.")]
    assert len(unit.files) == 6


@pytest.mark.parametrize(
    "words",
    [("--camera", "gate"), ("--before", "2030-01-01"), ("--event", "20260410T120000Z-gate-beef-7")],
    ids=" ".join,
)
@pytest.mark.parametrize("rule", ["", "z1", "l2x12", "z1.3"])
def test_pictures_whose_rows_were_lost_go_too(
    unit: Unit, words: tuple[str, str], rule: str
) -> None:
    lost = f"20260410T120000Z-gate-beef-7{rule}"
    words = (words[0], words[1] + rule if words[0] == "--event" else words[1])
    at = datetime(2026, 4, 10, 12, tzinfo=UTC)
    for kind in (".jpg", ".mp4"):
        unit.put(f"snapshots/2026-04-10/{lost}{kind}", at)
    unit.type("erase", *words, "--yes")
    assert not [name for name in unit.files if name.startswith(lost)]


def test_what_is_not_the_units_own_is_not_touched(unit: Unit) -> None:
    others = [
        "snapshots/notes.txt",
        "snapshots/2026-04-15/notes.txt",
        "snapshots/2026-04-15/holiday.jpg",
        "snapshots/mine/a.jpg",
    ]
    for name in others:
        unit.put(name, NOON - timedelta(days=900))
    outside = unit.data / "private.jpg"
    outside.write_bytes(b"mine")
    event = filled.event(Stamp(NOON, BOOT, 1.0), "odd")
    unit.writer.add(replace(event, snapshot="private.jpg", clip="../unit.toml"))
    assert unit.type("erase", "--before", "2030-01-01", "--yes")[0] == 0
    assert unit.events == []
    assert outside.exists()
    assert unit.settings.exists()
    assert all((unit.data / name).exists() for name in others)


@pytest.mark.parametrize(
    "words",
    [("--before", "2020-01-01"), ("--camera", "yard"), ("--event", "../../unit"), ("--event", "%")],
    ids=" ".join,
)
def test_where_nothing_is_there_that_is_reported(unit: Unit, words: tuple[str, str]) -> None:
    code, out, _ = unit.type("erase", *words, "--yes")
    assert code == 0
    assert out.startswith("nothing to erase: there is no event, picture or ")
    assert len(unit.events) == 6
    assert len(unit.files) == 8


# --- asking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "left"), [("n", 6), ("", 6), ("yes ", 3), ("Y", 3)])
def test_it_asks_before_it_erases(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    asked: list[str] = []

    def say(question: str) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", say)
    code, out, _ = unit.type("erase", "--camera", "gate")
    assert asked == [
        "Erase 3 events, 3 pictures, 1 clip of the camera gate? This cannot be undone. [y/N] "
    ]
    assert len(unit.events) == left
    assert (code, "nothing was erased" in out) == ((1, True) if left == 6 else (0, False))


def test_a_script_must_say_yes(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    code, _, err = unit.type("erase", "--camera", "gate")
    assert code == 2
    assert "nobody is here to ask; add --yes" in err
    assert len(unit.events) == 6


@pytest.mark.parametrize(
    "words", [(), ("--camera", "gate", "--event", "x"), ("--before", "yesterday")], ids=str
)
def test_a_wrong_command_line_erases_nothing(unit: Unit, words: tuple[str, ...]) -> None:
    code, _, err = unit.type("erase", *words, "--yes")
    assert code == 2
    assert "--since" not in err
    assert len(unit.events) == 6


def test_events_are_listed_as_before(unit: Unit) -> None:
    code, out, _ = unit.type("--since", "2026-04-17", "--limit", "5")
    assert code == 0
    assert out.count("person") == 2


# --- for good ------------------------------------------------------------------------------------


def test_nothing_of_an_erased_row_is_left_in_the_files_of_the_database(unit: Unit) -> None:
    gone = unit.events[0].encode()
    unit.type("erase", "--event", gone.decode(), "--yes")
    for path in unit.data.glob("unit.db*"):
        assert gone not in path.read_bytes(), path.name


def test_what_is_reported_while_it_erases_stays(unit: Unit) -> None:
    found = erasing.find_erasure(
        unit.writer, unit.data / "snapshots", erasing.select_camera("gate")
    )
    reported = unit.add_event(NOON + timedelta(days=5), "gate")
    erasing.erase(unit.writer, found)
    assert [name for name in unit.events if "-gate-beef" in name] == [reported]
    assert f"{reported}.jpg" in unit.files


def test_rows_stay_until_their_pictures_are_gone(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, calls = Path.unlink, 0

    def fail_later(path: Path, *arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", fail_later)
        code, _, err = unit.type("erase", "--camera", "gate", "--yes")
    assert code == 1
    assert "some may be left, and no event was erased" in err
    assert len(unit.events) == 6
    assert unit.type("erase", "--camera", "gate", "--yes")[0] == 0
    assert len(unit.events) == 3


def test_a_reader_cannot_erase(unit: Unit) -> None:
    reader = Store(unit.database, SystemClock())
    found = erasing.find_erasure(reader, unit.data / "snapshots", erasing.select_camera("nobody"))
    with pytest.raises(StoreError, match="cannot be written"):
        erasing.erase(reader, found)
    reader.close()


def test_copies_of_the_database_are_named(unit: Unit) -> None:
    (unit.data / "backups").mkdir()
    sqlite3.connect(unit.data / "backups/unit-20260415T000000Z.db").close()
    _, out, _ = unit.type("erase", "--camera", "gate", "--yes")
    assert "still hold the rows (no pictures)" in out


def test_the_journal_learns_who_erased_what(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    monkeypatch.setattr(erasing, "SOCKET", path)
    monkeypatch.setattr(erasing, "find_user_name", lambda: "anna")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(path))
        journal.settimeout(0)
        unit.type("erase", "--camera", "gate", "--yes")
        unit.type("erase", "--camera", "gate", "--yes")
        lines = journal.recv(9999).decode().splitlines()
        with pytest.raises(BlockingIOError):
            journal.recv(9999)
    assert lines == [
        "MESSAGE=3 events, 3 pictures, 1 clip of the camera gate erased by=anna",
        "SYSLOG_IDENTIFIER=unitctl",
        "PRIORITY=5",
        "ERASED_BY=anna",
    ]


def test_a_journal_that_takes_no_line_is_told_after_the_events_are_erased(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "journal").touch()
    monkeypatch.setattr(erasing, "SOCKET", tmp_path / "journal")
    code, _, err = unit.type("erase", "--camera", "gate", "--yes")
    assert code == 1
    assert "the journal did not take this line" in err


def test_the_user_is_known_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_terminal() -> str:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr(os, "getlogin", no_terminal)
    assert erasing.find_user_name()


# --- who looked ----------------------------------------------------------------------------------


def test_a_thumbnail_is_small_and_counts_as_no_opened_snapshot(
    unit: Unit, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_file.load_settings(unit.settings)
    client = create_app(settings, SystemClock()).test_client()
    old, new = (f"2026-04-15/{event}.jpg" for event in unit.events[:2])
    (settings.snapshots_dir / new).write_bytes(embed_thumbnail(START + bytes(90_000), b"small"))
    with caplog.at_level("INFO", logger="web"):
        assert client.get(f"/thumbnails/{new}").data == b"small"
        assert client.get(f"/thumbnails/{old}").data == b"a face", "of an earlier release"
        for name in ("none.jpg", "../unit.db", "..%2funit.db", "%2e%2e/settings.jpg", "2026-04-15"):
            assert client.get(f"/thumbnails/{name}").status_code == 404, name
    assert caplog.records == []


def test_who_opens_a_picture_is_noted_once_and_without_cookies(
    unit: Unit, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_file.load_settings(unit.settings)
    client = create_app(settings, SystemClock()).test_client()
    client.set_cookie("session", "hunter2")
    name = f"2026-04-15/{unit.events[0]}.jpg"
    with caplog.at_level("INFO", logger="web"):
        assert client.get("/snapshots/none.jpg").status_code == 404
        found = client.get(f"/snapshots/{name}?token=hunter2")
        assert found.data == b"a face"
        tag = {"If-None-Match": found.headers["ETag"]}
        assert client.get(f"/snapshots/{name}", headers=tag).status_code == 304
    assert [record.getMessage() for record in caplog.records] == [
        f"a snapshot was opened name={name} by=127.0.0.1"
    ]
