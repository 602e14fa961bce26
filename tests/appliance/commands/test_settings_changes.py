"""`unitctl settings set|history|back|confirm`: the same changes as on the page, for root."""

from pathlib import Path

import pytest

from appliance.__main__ import main
from appliance.settings_change.applying import Wanted
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def rig(tmp_path: Path, clock: FakeClock) -> Rig:
    return make_rig(tmp_path, clock)


def run(rig: Rig, *words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["--settings", str(rig.path), "settings", *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_key_is_set_with_a_preview_before_it(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rig.text
    assert run(rig, "set", "unit.name", "stable", "--preview") == 0
    said = capsys.readouterr().out
    assert "unit.name: barn (file) -> stable (file)" in said
    assert '+name = "stable"  # as on its door' in said
    assert "nothing was changed" in said
    assert rig.text == before

    assert run(rig, "set", "unit.name", "stable", "--why", "moved") == 0
    assert "change 1 is made; `unitctl settings back 1` undoes it" in capsys.readouterr().out
    assert rig.text == before.replace('"barn"  #', '"stable"  #')
    assert rig.list_orders()[-1] == "try-restart appliance-web.service"


def test_the_history_says_who_and_why_and_back_undoes_it(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rig.text
    assert run(rig, "history") == 0
    assert "no change" in capsys.readouterr().out
    run(rig, "set", "battery.capacity_wh", "1280", "--why", "new battery")
    run(rig, "set", "unit.name", "stable")
    capsys.readouterr()
    assert run(rig, "history") == 0
    newest, older = capsys.readouterr().out.splitlines()
    assert "unit.name" in newest
    assert "battery.capacity_wh (new battery)" in older
    assert run(rig, "back", "1") == 0
    assert rig.text == before
    assert run(rig, "back") == 0
    assert '"stable"' in rig.text


def test_a_key_is_taken_out(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(rig, "set", "mqtt.host", "--remove") == 0
    assert "mqtt.host: 10.0.0.2 (file) ->  (default)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "web.port", "0"), "web.port must be from 1 to 65535, not 0"),
        (("set", "web.port", "eighty"), "web.port must be a whole number, not 'eighty'"),
        (("set", "web.prt", "80"), "did you mean 'port'?"),
        (("set", "web.port"), "needs a VALUE"),
        (("set", "web.port", "80", "--remove"), "needs a VALUE"),
        (("set", "unit.name", "barn"), "nothing would change"),
        (("set", "web.hosts", "[" * 3000), "web.hosts must be a list of texts"),
        (("back", "7"), "no change 7"),
        (("back", "0"), "no whole number"),
        (("confirm",), "no change waits"),
        (("confirm", "7"), "no change 7"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    rig: Rig, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    rig.keeper.change(Wanted(rig.text + "\n", rig.version, "Ada"))
    before = rig.text
    assert run(rig, *words) != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert rig.text == before


def test_a_change_of_the_page_is_confirmed_or_undone_from_here_as_well(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rig.text
    hosts = rig.want("[mqtt]", '[web]\nhosts = ["barn.example"]\n\n[mqtt]', from_page=True)
    rig.keeper.change(hosts)
    assert run(rig, "history") == 0
    assert "waits for its confirmation" in capsys.readouterr().out
    assert run(rig, "back") == 0
    assert rig.text == before
    rig.keeper.change(hosts)
    assert run(rig, "confirm") == 0
    assert "change 3 stays" in capsys.readouterr().out
