"""A Jetson's two systems, judged by a model of its firmware."""

from pathlib import Path

import pytest

from ota.errors import SlotError
from ota.slots.jetson import JetsonBoot, run_program
from tests.stand_ins.jetson_firmware import RECOVERY, JetsonFirmware


@pytest.fixture
def firmware(tmp_path: Path) -> JetsonFirmware:
    made = JetsonFirmware(tmp_path / "efivars")
    made.boot()
    return made


@pytest.fixture
def boot(firmware: JetsonFirmware) -> JetsonBoot:
    return JetsonBoot(firmware.variables, firmware.run)


def install(boot: JetsonBoot, slot: str) -> None:
    """In RAUC's order."""
    boot.set_state(slot, good=False)
    boot.set_primary(slot)


def test_three_updates_in_a_row(firmware: JetsonFirmware, boot: JetsonBoot) -> None:
    for slot in ("B", "A", "B"):
        boot.preflight()
        install(boot, slot)
        assert boot.get_primary() == slot
        assert firmware.boot() == slot
        boot.set_state(slot, good=True)
        assert firmware.boot() == slot


def test_a_release_that_never_comes_up_falls_back_and_the_next_one_is_booted(
    firmware: JetsonFirmware, boot: JetsonBoot
) -> None:
    install(boot, "B")
    assert [firmware.boot() for _ in range(4)] == ["B", "B", "B", "A"]
    assert boot.get_state("B") is False
    boot.set_state("A", good=True)
    install(boot, "B")
    assert firmware.boot() == "B"


def test_without_setting_the_status_back_the_next_update_would_not_boot(
    firmware: JetsonFirmware, boot: JetsonBoot
) -> None:
    """The control: what the firmware does with a slot that it gave up."""
    install(boot, "B")
    for _ in range(4):
        firmware.boot()
    firmware.run(("nvbootctl", "-t", "rootfs", "set-active-boot-slot", "1"))
    assert firmware.boot() == "A"


def test_brown_outs_of_the_running_slot_do_not_end_in_the_recovery_kernel(
    firmware: JetsonFirmware, boot: JetsonBoot
) -> None:
    install(boot, "B")
    for _ in range(4):
        firmware.boot()
    for _ in range(20):
        boot.set_state("A", good=True)
        assert firmware.boot() == "A"
    firmware.cut_power()
    assert firmware.boot() == "A"


def test_a_slot_is_not_given_up_where_the_other_one_is(
    firmware: JetsonFirmware, boot: JetsonBoot
) -> None:
    firmware.put("RootfsStatusSlotA", 0xFF)
    with pytest.raises(SlotError) as caught:
        boot.set_state("B", good=False)
    assert caught.value.reason_code == "last-entry"
    firmware.put("RootfsStatusSlotB", 0xFF)
    assert firmware.boot() == RECOVERY
    boot.set_state("B", good=True)
    assert firmware.boot() == "B"


@pytest.mark.parametrize("level", [None, 0, 2])
def test_a_jetson_with_one_system_is_not_updated(tmp_path: Path, level: int | None) -> None:
    firmware = JetsonFirmware(tmp_path / "efivars", redundancy=level)
    with pytest.raises(SlotError) as caught:
        JetsonBoot(firmware.variables, firmware.run).preflight()
    assert caught.value.reason_code == "no-redundancy"


def test_a_running_slot_that_is_given_up_is_mended_before_an_update(
    firmware: JetsonFirmware, boot: JetsonBoot
) -> None:
    firmware.put("RootfsStatusSlotA", 0xFF)
    with pytest.raises(SlotError, match="recovery kernel"):
        boot.preflight()
    boot.set_state("A", good=True)
    boot.preflight()


def test_what_is_so_already_is_not_written(firmware: JetsonFirmware, boot: JetsonBoot) -> None:
    """The variables are in a flash memory that wears."""
    for path in firmware.variables.iterdir():
        path.chmod(0o400)
    before = [path.stat().st_mtime_ns for path in firmware.variables.iterdir()]
    boot.set_primary("A")
    boot.set_state("A", good=True)
    assert [path.stat().st_mtime_ns for path in firmware.variables.iterdir()] == before


@pytest.mark.parametrize("data", [b"", b"\x07\0\0\0", b"\x07\0\0\0\x01"])
def test_a_torn_variable_is_no_level(
    firmware: JetsonFirmware, boot: JetsonBoot, data: bytes
) -> None:
    (path,) = firmware.variables.glob("RootfsRedundancyLevel-*")
    path.write_bytes(data)
    with pytest.raises(SlotError, match="is None"):
        boot.preflight()


def test_a_program_that_is_missing_or_fails_is_told() -> None:
    for words in (("no-such-program",), ("false",)):
        with pytest.raises(SlotError) as caught:
            run_program(words)
        assert caught.value.reason_code == "nvbootctl"
