"""`unitctl link`: what it shows, and what it orders."""

import argparse
from pathlib import Path

import pytest

from appliance.model_updates import LinkPhase, LinkState
from appliance.settings_file import load_settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from sensors.commands import link
from tests.provisioning.commissioning.fakes import SETTINGS
from tests.stand_ins.link_daemons import run_link_daemons
from tests.stand_ins.modem_manager import needs_modem_manager


def call(path: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=Path)
    link.add_arguments(parser)
    return link.run(parser.parse_args([*words, "--settings", str(path)]))


def make(tmp_path: Path, phase: LinkPhase | None, *, enabled: bool = True) -> Path:
    path, data = tmp_path / "unit.toml", tmp_path / "data"
    data.mkdir()
    text = SETTINGS.format(data=data, run=tmp_path / "run")
    path.write_text(text + f"[link]\nenabled = {str(enabled).lower()}\n")
    settings = load_settings(path)
    prepare_database(settings.database)
    if phase is not None:
        clock = settings.make_clock()
        store = Store(settings.database, clock, writer="sensors")
        store.add(LinkState(clock.stamp(), phase, "how it is", month_bytes=7_000_000))
        store.close()
    return path


def test_a_connected_link_is_shown_with_its_volume(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(make(tmp_path, LinkPhase.CONNECTED)) == 0
    shown = capsys.readouterr().out
    assert "how it is" in shown
    assert "7.0 MB" in shown


def test_a_modem_without_a_sim_ends_with_one(tmp_path: Path) -> None:
    assert call(make(tmp_path, LinkPhase.NO_SIM), "--json") == 1


def test_a_unit_without_a_link_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path, None, enabled=False)
    assert call(path) == 1
    assert "has no mobile link" in capsys.readouterr().out
    assert call(path, "--json") == 1
    assert capsys.readouterr().out.strip() == "null"


@needs_modem_manager
def test_a_reset_by_hand_reaches_the_modem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path, None)
    with run_link_daemons(tmp_path) as daemons:
        daemons.add_modem()
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemons.address)
        assert call(path, "reset") == 0
        assert daemons.read_calls("Reset") == ["Reset"]
