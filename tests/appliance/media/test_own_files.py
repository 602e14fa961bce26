"""Which files count as the unit's own: those named exactly as inference names them, no others."""

from pathlib import Path

import pytest

from appliance.media import files
from appliance.model import Stamp
from appliance.sections.cameras import CameraSettings, LineSettings, ZoneSettings
from inference.events.draft import make_event_id
from inference.events.rules import build_rules
from tests.stand_ins.fakes import START

OWN = "20260801T120000Z-gate-beef-12"


def put(directory: Path, *names: str) -> list[Path]:
    """Small files below a directory."""
    paths = [directory / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return paths


@pytest.mark.parametrize(
    "name",
    [
        "2026-08-01/holiday.jpg",
        "2026-08-01/20260801_120000.jpg",
        "2026-08-01/20260801T120000Z.jpg",
        "2026-08-01/20260801T120000Z-gate.jpg",
        f"2026-08-01/{OWN}-copy.jpg",
        f"2026-08-01/{OWN} (1).jpg",
        f"2026-08-01/old-{OWN}.jpg",
        f"2026-08-01/{OWN}.JPG",
        f"2026-08-01/{OWN}.png",
        f"2026-08-02/{OWN}.jpg",
        f"holiday/{OWN}.jpg",
        f"{OWN}.jpg",
    ],
)
def test_a_file_of_any_other_name_is_not_the_units_own(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, f"{name}.part")
    assert list(files.list_files(tmp_path)) == []
    assert list(files.list_partial_files(tmp_path)) == []


def test_the_files_of_every_kind_of_event_are_the_units_own(tmp_path: Path) -> None:
    camera = CameraSettings(
        zone={f"zone-{n}": ZoneSettings() for n in range(11)}, line={"door": LineSettings()}
    )
    rules = build_rules(camera)
    tags = ["", *rules.zones, *rules.lines, *(f"{tag}x12" for tag in rules.lines)]
    stamp = Stamp(START, "0000beef", 1.0)
    ids = {
        make_event_id(stamp, "back-door-2", (track, tag), part)
        for tag in tags
        for track in (0, 7, 1234)
        for part in (0, 13)
    }
    for event_id in ids:
        for kind in (files.PICTURE, files.CLIP):
            path = files.make_path(tmp_path, event_id, START, kind)
            put(tmp_path, str(path.relative_to(tmp_path)), f"{path.relative_to(tmp_path)}.part")
    found = list(files.list_files(tmp_path))
    assert {file.event_id for file in found} == ids
    assert {file.camera for file in found} == {"back-door-2"}
    assert len(found) == len(list(files.list_partial_files(tmp_path))) == 2 * len(ids)
