"""`unitctl provision`: from a file without a person, at a terminal with one, and its exit codes."""

import argparse
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import SettingsError
from provisioning.commissioning import command, unattended, walking
from provisioning.commissioning.answers import AnswerError
from provisioning.commissioning.engine import Engine
from provisioning.commissioning.site_file import read_site
from provisioning.commissioning.step import Status
from provisioning.commissioning.steps import STEPS
from provisioning.commissioning.steps.access import AccessStep
from provisioning.commissioning.steps.site import SiteStep
from provisioning.commissioning.terminal import Terminal, take_asking
from provisioning.commissioning.unit import Unit
from tests.conftest import ROOT
from tests.provisioning.commissioning.fakes import make_unit
from tests.provisioning.commissioning.killed import count_writes, run_killed

OURS = (SiteStep(), AccessStep())
SITE = """
[site]
name = "Hut 12"
latitude_deg = 46.5
longitude_deg = 25.6
panels_peak_w = 400
tilt_deg = 60
chemistry = "lfp"
nominal_voltage_v = 12.8
capacity_wh = 2560
{more}
[access]
pin = "284719"
account = "Ada"
password = "three words here"
"""


def write_site(directory: Path, more: str = "") -> Path:
    path = directory / "site.toml"
    path.write_text(SITE.format(more=more))
    return path


def run_file(unit: Unit, site: Path) -> tuple[int, list[str]]:
    said: list[str] = []
    with Engine(unit, OURS, read_site(site, OURS), said.append) as engine:
        return unattended.run(engine, said.append), said


def test_a_file_of_answers_does_all_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    unit, site = make_unit(tmp_path), write_site(tmp_path)

    first, second = run_file(unit, site), run_file(unit, site)

    assert (first[0], json.loads(first[1][-1])) == (
        0,
        {"steps": 2, "changed": 2, "report": None},
    )
    assert (second[0], json.loads(second[1][-1])["changed"]) == (0, 0)


def test_what_is_missing_is_named_with_its_key_and_the_code_is_1(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[site]\nname = "Hut 12"\n')

    code, said = run_file(make_unit(tmp_path), site)

    assert code == 1
    assert any("site.capacity_wh: Rated energy" in one for one in said)


def test_what_is_unlikely_is_named_with_what_confirms_it(tmp_path: Path) -> None:
    code, said = run_file(make_unit(tmp_path), write_site(tmp_path, "azimuth_deg = 0"))

    assert code == 1
    assert any('([site] confirmed = ["azimuth_deg"])' in one for one in said)
    more = 'azimuth_deg = 0\nconfirmed = ["azimuth_deg"]'
    assert run_file(make_unit(tmp_path), write_site(tmp_path, more))[0] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[site", "is not valid TOML"),
        ("[sites]\n", r"sites is no table of site\.toml; did you mean 'site'"),
        ("[site]\nlatitude = 4\n", r"site\.latitude is not known; did you mean 'latitude_deg'"),
        ("site = 4\n", r"site is no table; write \[site\]"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_what_to_write(
    tmp_path: Path, text: str, said: str
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(text)

    with pytest.raises(AnswerError, match=said):
        read_site(site, OURS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match=r"nowhere\.toml cannot be read"):
        read_site(tmp_path / "nowhere.toml", OURS)


def test_the_example_has_tables_and_keys_that_the_steps_know() -> None:
    found = read_site(ROOT / "docs/examples/site.toml", STEPS)

    assert found["site"].find("name") == "Hut 12"
    assert found["alarms"].rows[0].find("recipient") == "owner"


# --- at a terminal --------------------------------------------------------------------------------


def type_in(*lines: str) -> tuple[Terminal, list[str]]:
    """Somebody who types these lines; what was asked and said."""
    typed: Iterator[str] = iter(lines)
    said: list[str] = []

    def read(prompt: str) -> str:
        said.append(prompt)
        return next(typed)

    return Terminal(read, said.append, read), said


def test_a_person_types_name_and_size_and_takes_what_is_proposed(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    terminal, said = type_in("Hut 12", *[""] * 9, "2560")

    with Engine(unit, OURS) as engine:
        result = take_asking(engine, SiteStep(), terminal)

    assert result.outcome.status is Status.DONE
    assert unit.settings().unit.name == "Hut 12"
    assert any("[45.0, the settings of this unit]" in one for one in said)


def test_what_cannot_be_is_asked_again(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    terminal, said = type_in("Hut", "95", "46,5", *[""] * 6, "nmc", "lfp", "", "2560")

    with Engine(unit, OURS) as engine:
        take_asking(engine, SiteStep(), terminal)

    assert "a number from -90 to 90 is asked for" in said
    assert any("one of lfp" in one for one in said)
    assert unit.settings().site.latitude_deg == 46.5


def test_a_weak_pin_is_refused_and_asked_for_again(tmp_path: Path) -> None:
    terminal, said = type_in("123456", "Ada", "three words here", "284719")

    with Engine(make_unit(tmp_path), OURS) as engine:
        result = take_asking(engine, AccessStep(), terminal)

    assert result.outcome.status is Status.DONE
    assert any("the first that anybody tries" in one for one in said)
    assert "123456" not in " ".join(said)


def test_what_is_unlikely_and_not_confirmed_changes_nothing(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    before = unit.settings_path.read_bytes()
    terminal, _ = type_in("Hut 12", "0", "0", *[""] * 7, "2560", "no")

    with (
        Engine(unit, OURS) as engine,
        pytest.raises(SettingsError, match=r"site\.latitude_deg is not confirmed"),
    ):
        take_asking(engine, SiteStep(), terminal)

    assert unit.settings_path.read_bytes() == before


def run_words(unit: Unit, *words: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=Path)
    command.add_arguments(parser)
    return command.run(parser.parse_args(["--settings", str(unit.settings_path), *words]))


def test_the_list_of_steps_changes_nothing_and_says_what_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "STEPS", OURS)
    unit = make_unit(tmp_path)

    assert run_words(unit) == 1

    assert "what stands here is not known yet" in capsys.readouterr().out
    assert not unit.directory.exists()
    site = str(write_site(tmp_path))
    assert run_words(unit, "--check", site) == 1
    assert run_words(unit, "--from", site) == 0
    assert run_words(unit, "--check", site) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sight"], "nobody sits at this terminal"),
        (["site", "--from", "x.toml"], "name a step or a file of answers, not both"),
    ],
)
def test_wrong_use_is_refused_in_words(tmp_path: Path, words: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        run_words(make_unit(tmp_path), *words)


def test_a_step_that_there_is_not_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'sites' is no step.*did you mean 'site'"):
        walking.choose(Engine(make_unit(tmp_path), OURS), "sites")


def test_a_kill_at_any_write_of_site_and_access_leaves_what_is_gone_on_from(
    tmp_path: Path,
) -> None:
    def take_all(directory: Path) -> Any:
        directory.mkdir()
        unit, site = make_unit(directory), write_site(directory)
        return lambda: run_file(unit, site)

    whole = tmp_path / "whole"
    writes = count_writes(take_all(whole))

    for at in range(2, writes, 7):  # each seventh: hashing a password takes its time
        directory = tmp_path / str(at)
        assert run_killed(take_all(directory), at), at
        assert run_file(make_unit(directory), directory / "site.toml")[0] == 0, at
        settings, wanted = make_unit(directory).settings(), make_unit(whole).settings()
        assert (settings.site, settings.battery) == (wanted.site, wanted.battery)
        assert json.loads(run_file(make_unit(directory), write_site(directory))[1][-1]) == {
            "steps": 2,
            "changed": 0,
            "report": None,
        }


def test_a_table_that_may_stand_once_is_refused_as_a_list(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[[site]]\nname = "Hut 12"\n')
    with pytest.raises(AnswerError, match=r"write \[site\]"):
        read_site(site, STEPS)


def test_an_input_that_has_ended_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(SettingsError, match="nobody sits at this terminal"):
        walking.refuse_nobody()
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(SettingsError, match="the input has ended"):
        walking.read_line("PIN: ")
