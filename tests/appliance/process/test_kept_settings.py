"""A service that must not wait for a person goes on with the last settings that it could use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.log import SentenceLog
from appliance.model import Fault
from appliance.process.kept_settings import choose_settings, find_data_dir, keep
from appliance.process.service import Leave, Service, report_kept
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock


def find_nothing(_: Settings) -> Iterator[str]:
    return iter(())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unit.toml"
    path.write_text(f'[unit]\nname = "old"\ndata_dir = "{tmp_path}"\n')
    keep(choose_settings(path, "power", find_nothing), "power")
    return path


@pytest.mark.parametrize(
    "broken",
    [
        'name = "old\n[unit]\ndata_dir = "{here}"\n',
        '[unit]\ndata_dir = "{here}"\nnmae = "new"\n',
        '[unit]\ndata_dir = "{here}"\n[energy]\nfull_power_w = -1\n',
        '[unit]\n  data_dir="{here}"\n[energy\n',
    ],
)
def test_a_broken_file_leaves_the_last_settings_in_force_and_says_so(
    file: Path, broken: str
) -> None:
    file.write_text(broken.replace("{here}", str(file.parent)))
    chosen = choose_settings(file, "power", find_nothing)
    assert chosen.settings.unit.name == "old"
    assert str(file) in str(chosen.refused)
    assert "goes on with the last settings that it could use" in str(chosen.refused)


def test_what_the_service_refuses_counts_as_broken(file: Path) -> None:
    file.write_text(f'[unit]\nname = "new"\ndata_dir = "{file.parent}"\n')
    chosen = choose_settings(
        file, "power", lambda own: ["no such charger"] if own.unit.name == "new" else []
    )
    assert chosen.settings.unit.name == "old"
    assert "no such charger" in str(chosen.refused)


def test_a_valid_file_is_used_and_kept(file: Path) -> None:
    file.write_text(f'[unit]\nname = "new"\ndata_dir = "{file.parent}"\n')
    chosen = choose_settings(file, "power", find_nothing)
    assert (chosen.settings.unit.name, chosen.refused) == ("new", None)
    keep(chosen, "power")
    assert (file.parent / "power.settings.toml").read_bytes() == file.read_bytes()


def test_what_changes_before_it_is_kept_does_not_replace_what_is_in_use(file: Path) -> None:
    """The copy is made by the recorder, which may wait for a locked database for hours."""
    used = f'[unit]\nname = "new"\ndata_dir = "{file.parent}"\n'
    file.write_text(used)
    chosen = choose_settings(file, "power", find_nothing)
    file.write_text(used + "[energy\n")
    keep(chosen, "power")
    after = choose_settings(file, "power", find_nothing)
    assert after.settings.unit.name == "new"
    assert after.refused is not None


def test_relative_paths_of_the_copy_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "unit.toml"
    path.parent.mkdir()
    path.write_text('[unit]\ndata_dir = "../data"\n')
    (tmp_path / "data").mkdir()
    used = choose_settings(path, "power", find_nothing)
    keep(used, "power")
    path.write_text('[unit]\ndata_dir = "../data"\n[energy\n')
    after = choose_settings(path, "power", find_nothing)
    assert after.settings.database == used.settings.database == tmp_path / "data" / "unit.db"


def test_without_a_copy_broken_settings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f'[unit]\ndata_dir = "{tmp_path}"\n[energy\n')
    with pytest.raises(SettingsError, match="is not valid TOML"):
        choose_settings(path, "power", find_nothing)


def test_a_character_that_is_not_utf_8_does_not_hide_the_copy(file: Path) -> None:
    file.write_bytes(f'[unit]\nname = "caf\xe9"\ndata_dir = "{file.parent}"\n'.encode("latin-1"))
    chosen = choose_settings(file, "power", find_nothing)
    assert chosen.settings.unit.name == "old"
    assert "not UTF-8" in str(chosen.refused)


def test_a_file_that_is_gone_leaves_the_usual_directory(tmp_path: Path) -> None:
    assert find_data_dir(tmp_path / "none") == Settings().unit.data_dir


def test_the_service_reports_it_and_starts_anew_when_the_file_is_mended(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    mended, log = False, SentenceLog("power")
    service = Service("power", settings, clock, open_store("power"), log)
    cycle = report_kept(service, lambda: "guards", SettingsError("broken"), lambda: mended)
    service.run_once(cycle)
    assert [fault.code for fault in service.store.rows(Fault)] == ["settings"]
    mended = True
    clock.advance(60)
    with pytest.raises(Leave, match="valid again"):
        service.run_once(cycle)
    assert service.store.list_open_faults() == []


def test_a_service_that_leaves_takes_that_fault_with_it(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    service = Service("alarm", settings, clock, open_store("alarm"), SentenceLog("alarm"))
    waits = ["a message waits"]

    def send() -> str:
        if not waits:
            raise Leave("nothing waits")
        return waits.pop()

    cycle = report_kept(service, send, SettingsError("broken"), lambda: False)
    service.run_once(cycle)
    assert [fault.code for fault in service.store.list_open_faults()] == ["settings"]
    with pytest.raises(Leave, match="nothing waits"):
        service.run_once(cycle)
    assert service.store.list_open_faults() == []
