"""The picture of a message: small as it is stored, else its thumbnail, else none."""

from pathlib import Path

import pytest

from appliance.alarms import pictures
from appliance.media.thumbnails import embed_thumbnail
from appliance.settings import Settings

SMALL = b"\xff\xd8\xff\xe0 a small picture \xff\xd9"
LARGE = b"\xff\xd8\xff\xe0" + bytes(200_000) + b"\xff\xd9"
NAME = "snapshots/2026-04-15/e1.jpg"


@pytest.fixture
def site(settings: Settings) -> Settings:
    settings.unit.run_dir.mkdir(parents=True)
    return settings


def put(site: Settings, data: bytes) -> None:
    path = site.unit.data_dir / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(data)


def read(site: Settings, snapshot: str | None = NAME) -> bytes | None:
    path = pictures.prepare(site, snapshot, "a-1.owner.mail")
    return None if path is None else path.read_bytes()


def test_a_small_snapshot_is_sent_as_it_is(site: Settings) -> None:
    put(site, SMALL)
    assert read(site) == SMALL


def test_of_a_large_one_its_thumbnail_is_sent(site: Settings) -> None:
    put(site, embed_thumbnail(LARGE, SMALL))
    assert read(site) == SMALL


@pytest.mark.parametrize("data", [LARGE, b"", embed_thumbnail(LARGE, bytes(40_000))])
def test_what_is_too_large_or_empty_costs_the_picture(site: Settings, data: bytes) -> None:
    put(site, data)
    assert read(site) is None


@pytest.mark.parametrize("name", [None, "snapshots/none.jpg", "../secret", "/etc/passwd"])
def test_nothing_but_a_snapshot_is_sent(site: Settings, name: str | None) -> None:
    (site.unit.data_dir.parent / "secret").write_bytes(SMALL)
    assert read(site, name) is None


def test_what_a_killed_service_left_is_taken_away(site: Settings) -> None:
    put(site, SMALL)
    read(site)
    other = site.unit.run_dir / "camera-demo.sock"
    other.touch()
    pictures.discard_all(site)
    assert list(site.unit.run_dir.iterdir()) == [other]


def test_a_run_directory_that_takes_nothing_costs_the_picture(
    site: Settings, tmp_path: Path
) -> None:
    put(site, SMALL)
    site.unit.run_dir.rmdir()
    assert read(site) is None
