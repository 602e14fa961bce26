"""RAUC 1.13 and systemd 257 of Debian 13, and what our own code makes of them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ota.errors import SlotError
from ota.slots.boot_entries import parse_entry, sort_entries
from ota.slots.rauc import RaucSlots
from ota.slots.rauc_bus import Limits
from ota.slots.slots import SlotState
from tests.real_rauc.debian import ENTER_WITH_ESP, Debian
from tests.waiting import wait_until

LIMITS = Limits(call_s=60, install_s=120, silence_s=60)
ENTRY = (
    "title x\nsort-key neural-energy\nversion {number}\nlinux /neural-energy/x/linux\n"
    "initrd /neural-energy/x/initrd\noptions root=x rauc.slot=A\n"
)


@pytest.fixture
def slots(debian: Debian) -> Iterator[RaucSlots]:
    with debian.serve() as address:
        made = RaucSlots(address, limits=LIMITS)
        wait_until(lambda: is_there(made), "RAUC on its bus")
        yield made


def is_there(slots: RaucSlots) -> bool:
    try:
        slots.examine()
    except SlotError as error:
        if error.reason_code != "no-rauc":
            raise
        return False
    return True


def has_device_mapper() -> bool:
    """Whether the kernel has it: a node may be there without it."""
    try:
        Path("/dev/mapper/control").open("rb").close()
    except OSError:
        return False
    return True


def refuse(slots: RaucSlots, bundle: Path) -> SlotError:
    with pytest.raises(SlotError) as caught:
        slots.install(bundle, "2.0", lambda *_: None)
    return caught.value


def test_its_slots_are_those_of_our_backend(slots: RaucSlots) -> None:
    slots.check()
    report = slots.examine()
    assert (report.booted, report.primary, report.other) == ("rootfs.0", "rootfs.0", "rootfs.1")
    assert report.slots["rootfs.0"].state is SlotState.GOOD
    assert report.slots["rootfs.1"].state is SlotState.EMPTY


def test_marks_become_entries(slots: RaucSlots, debian: Debian) -> None:
    slots.arm()
    assert debian.list_entries() == ["unit-1-1.0.conf", "unit-2-1.0+3.conf"]
    assert slots.examine().primary == "rootfs.1"
    slots.commit()
    # Each order to boot a slot first gives its entry a higher number.
    assert debian.list_entries() == ["unit-2-1.0+3.conf", "unit-3-1.0.conf"]


def test_only_a_committed_slot_is_a_way_back(slots: RaucSlots, debian: Debian) -> None:
    """A system on trial is none: the committed one keeps its entry (decision 0044)."""
    slots.arm()
    slots.commit()
    with pytest.raises(SlotError) as caught:
        slots.fall_back()
    assert caught.value.reason_code == "rauc-refused"
    debian.run("/usr/local/bin/boot-backend", "set-state", "B", "good")
    slots.fall_back()
    assert debian.list_entries() == ["unit-4-1.0.conf"]


def test_a_bundle_for_another_machine_is_refused(slots: RaucSlots, debian: Debian) -> None:
    error = refuse(slots, debian.make_bundle("verity", "jetson-orin"))
    assert error.reason_code == "wrong-machine"


def test_a_plain_bundle_is_refused(slots: RaucSlots, debian: Debian) -> None:
    error = refuse(slots, debian.make_bundle("plain"))
    assert error.reason_code == "rauc-refused"
    assert "'plain' not allowed" in str(error)


def test_a_bundle_that_somebody_changed_is_refused(slots: RaucSlots, debian: Debian) -> None:
    bundle = debian.make_bundle("verity")
    file = debian.root / str(bundle).lstrip("/")
    data = bytearray(file.read_bytes())
    data[-200] ^= 1
    file.write_bytes(data)
    assert refuse(slots, bundle).reason_code == "rauc-refused"


def test_a_verity_bundle_is_installed_or_its_failure_is_told(
    slots: RaucSlots, debian: Debian
) -> None:
    """A container has no device mapper: there RAUC's own words must come through."""
    bundle = debian.make_bundle("verity")
    heard: list[tuple[int, str]] = []
    if has_device_mapper():
        slots.install(bundle, "2.0", lambda *step: heard.append(step))
        assert slots.examine().slots["rootfs.1"].release == "2.0"
        assert slots.examine().primary == "rootfs.0", "it is installed, not armed"
    else:
        with pytest.raises(SlotError, match="Failed mounting bundle") as caught:
            slots.install(bundle, "2.0", lambda *step: heard.append(step))
        assert caught.value.reason_code == "install-failed"
    assert len(heard) > 3
    assert heard[-1][0] == 100


def test_bootctl_lists_our_entries_in_the_order_that_we_expect(debian: Debian) -> None:
    esp = debian.root / "srv/esp"
    shutil.rmtree(esp, ignore_errors=True)
    (esp / "neural-energy/x").mkdir(parents=True)
    (esp / "loader/entries").mkdir(parents=True)
    for name in ("linux", "initrd"):
        (esp / "neural-energy/x" / name).touch()
    tails = {1: "", 2: "+3", 9: "+0-3", 10: "+2-1", 11: "+0-9", 100: "+1-2"}
    names = {number: f"unit-{number}-1.0{tail}.conf" for number, tail in tails.items()}
    for number, name in names.items():
        (esp / "loader/entries" / name).write_text(ENTRY.format(number=number))
    words = ("env", "SYSTEMD_RELAX_ESP_CHECKS=1", "bootctl", "--esp-path=/efi", "--json=short")
    listed = json.loads(debian.run(*words, "list", enter=ENTER_WITH_ESP))
    ours = [int(one["version"]) for one in listed if one.get("id", "").startswith("unit-")]
    parsed = [parse_entry(name, ENTRY.format(number=n).encode()) for n, name in names.items()]
    assert ours == [one.number for one in sort_entries(one for one in parsed if one)]
    assert ours[0] == 100
