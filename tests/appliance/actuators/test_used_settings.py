"""A load that is on can be switched off while the settings file is broken."""

from pathlib import Path

import pytest

from appliance.actuators.switch import main

BROKEN = "[enrgy]\n"


@pytest.fixture
def led(tmp_path: Path) -> Path:
    path = tmp_path / "brightness"
    path.write_text("0\n")
    return path


@pytest.fixture
def file(tmp_path: Path, led: Path) -> Path:
    path = tmp_path / "etc" / "unit.toml"
    path.parent.mkdir()
    path.write_text(
        f'[unit]\ndata_dir = "{tmp_path}"\n[switch.modem]\npath = "{led}"\n'
        '[switch.pump]\npath = "../pump"\n'
    )
    (tmp_path / "pump").write_text("0\n")
    return path


def run(file: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--settings", str(file)])
    return int(str(ended.value.code))


def spoil(file: Path, text: str = BROKEN) -> None:
    file.write_text(file.read_text() + text)


def test_what_was_switched_on_goes_off_while_the_settings_are_broken(file: Path, led: Path) -> None:
    assert run(file, "on", "modem") == 0
    assert led.read_text() == "1"
    spoil(file)
    assert run(file, "off", "modem") == 0
    assert led.read_text() == "0"


def test_it_comes_back_too_as_the_guard_orders(file: Path, led: Path) -> None:
    """A modem by which somebody could mend the file."""
    run(file, "on", "modem")
    spoil(file)
    run(file, "off", "modem")
    assert run(file, "on", "modem") == 0
    assert led.read_text() == "1"


def test_at_a_boot_all_that_was_on_goes_off_while_the_settings_are_broken(
    file: Path, led: Path, tmp_path: Path
) -> None:
    run(file, "on", "modem")
    run(file, "on", "pump")
    spoil(file)
    assert run(file, "off") == 0
    assert (led.read_text(), (tmp_path / "pump").read_text()) == ("0", "0")


def test_a_switch_that_the_settings_no_longer_name_goes_off_and_not_on(
    file: Path, led: Path
) -> None:
    run(file, "on", "modem")
    file.write_text(file.read_text().replace("switch.modem", "switch.router"))
    assert run(file, "off", "modem") == 0
    assert led.read_text() == "0"
    assert run(file, "on", "modem") == 2
    assert led.read_text() == "0"


def test_what_was_never_on_is_refused_as_before(file: Path, led: Path) -> None:
    spoil(file)
    led.write_text("1")
    assert run(file, "off", "modem") == 2
    assert run(file, "off") == 2
    assert led.read_text() == "1"


def test_a_copy_that_others_could_have_written_is_not_used(
    file: Path, led: Path, tmp_path: Path
) -> None:
    run(file, "on", "modem")
    spoil(file)
    (tmp_path / "switches").chmod(0o770)
    assert run(file, "off", "modem") == 2
    (tmp_path / "switches").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o700)
    (tmp_path / "switches").symlink_to(tmp_path / "elsewhere")
    assert run(file, "off", "modem") == 2
    assert led.read_text() == "1"


def test_a_damaged_copy_does_not_hide_the_others(file: Path, led: Path, tmp_path: Path) -> None:
    run(file, "on", "modem")
    for name, data in (("a.toml", b"\xff"), ("b.part", b""), ("pump.toml", b"[")):
        (tmp_path / "switches" / name).write_bytes(data)
    spoil(file)
    assert run(file, "off") == 0
    assert led.read_text() == "0"
