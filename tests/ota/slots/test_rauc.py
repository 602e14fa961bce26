"""RAUC over a real bus, with a stand-in whose interface is RAUC's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ota.errors import SlotError
from ota.slots.rauc import RaucSlots
from ota.slots.rauc_bus import Limits
from ota.slots.slots import SlotState
from tests.stand_ins.fake_rauc import FakeRauc, make_info, make_slot
from tests.stand_ins.private_bus import DAEMON, run_bus

pytestmark = pytest.mark.skipif(DAEMON is None, reason="needs dbus-daemon (package dbus)")
LIMITS = Limits(call_s=10, install_s=10, silence_s=10)
IMAGE = Path("/var/lib/ota/content/ab.image")


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_bus(tmp_path_factory.mktemp("bus")) as address:
        yield address


@pytest.fixture
def slots(bus: str) -> RaucSlots:
    return RaucSlots(bus, limits=LIMITS)


def refuse(slots: RaucSlots, fake: FakeRauc, bus: str) -> SlotError:
    """What an installation with this RAUC raises."""
    with fake.serve(bus), pytest.raises(SlotError) as caught:
        slots.install(IMAGE, "2.0", lambda *_: None)
    return caught.value


def test_it_reports_what_runs_what_is_next_and_what_each_slot_holds(
    slots: RaucSlots, bus: str
) -> None:
    listed = [
        make_slot("rootfs.0", "A", bundle_version="1.0"),
        make_slot("rootfs.1", "B", **{"boot-status": "bad"}),
        ("data.0", {"class": ("s", "data")}),
    ]
    with FakeRauc(listed=listed).serve(bus):
        report = slots.examine()
        slots.check()
    assert (report.booted, report.primary, report.other) == ("rootfs.0", "rootfs.0", "rootfs.1")
    found = {name: (one.release, one.state) for name, one in report.slots.items()}
    assert found == {"rootfs.0": ("1.0", SlotState.GOOD), "rootfs.1": ("", SlotState.EMPTY)}


def test_an_installation_tells_its_progress_and_ends(slots: RaucSlots, bus: str) -> None:
    heard: list[tuple[int, str]] = []
    steps = [(number, "Copying image", 2) for number in range(100)]
    with FakeRauc(steps=steps).serve(bus) as fake:
        slots.install(IMAGE, "2.0", lambda percent, text: heard.append((percent, text)))
    assert heard == [(number, "Copying image") for number in range(100)]
    assert ("InstallBundle", str(IMAGE), {}) in fake.calls


def test_arm_commit_and_fall_back_are_marks(slots: RaucSlots, bus: str) -> None:
    with FakeRauc().serve(bus) as fake:
        slots.arm()
        slots.commit()
        slots.fall_back()
    assert fake.calls == [
        ("Mark", "active", "other"),
        ("Mark", "good", "booted"),
        ("Mark", "active", "booted"),
        ("Mark", "active", "other"),
        ("Mark", "bad", "booted"),
    ]


def test_an_installation_that_fails_gives_raucs_words(slots: RaucSlots, bus: str) -> None:
    fake = FakeRauc(result=1, properties={"LastError": "signature verification failed"})
    error = refuse(slots, fake, bus)
    assert error.reason_code == "install-failed"
    assert "signature verification failed" in str(error)


def test_a_bundle_that_rauc_refuses_is_not_installed(slots: RaucSlots, bus: str) -> None:
    fake = FakeRauc(refusals={"InspectBundle": "Bundle format 'plain' not allowed"})
    error = refuse(slots, fake, bus)
    assert error.reason_code == "rauc-refused"
    assert "'plain' not allowed" in str(error)


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (make_info("plain"), "bundle-plain"),
        (make_info(compatible="jetson-orin"), "wrong-machine"),
        ({"update": ("a{sv}", {})}, "bundle-plain"),
    ],
)
def test_a_bundle_that_is_not_meant_is_refused_before_it_is_installed(
    slots: RaucSlots, bus: str, info: dict[str, object], reason: str
) -> None:
    fake = FakeRauc(info=info)
    assert refuse(slots, fake, bus).reason_code == reason
    assert "InstallBundle" not in [call[0] for call in fake.calls]


def test_a_rauc_that_ends_under_way_is_told_at_once(slots: RaucSlots, bus: str) -> None:
    assert refuse(slots, FakeRauc(dies=True), bus).reason_code == "rauc-gone"


def test_a_rauc_that_goes_silent_is_not_waited_for(bus: str) -> None:
    patient = RaucSlots(bus, limits=Limits(call_s=10, install_s=10, silence_s=0.2))
    assert refuse(patient, FakeRauc(hangs=True), bus).reason_code == "rauc-timeout"


def test_without_rauc_and_without_a_bus_the_cause_is_told(
    slots: RaucSlots, bus: str, tmp_path: Path
) -> None:
    with pytest.raises(SlotError) as caught:
        slots.check()
    assert caught.value.reason_code == "no-rauc"
    with pytest.raises(SlotError) as caught:
        RaucSlots(f"unix:path={tmp_path}/none", limits=LIMITS).check()
    assert caught.value.reason_code == "no-bus"


@pytest.mark.parametrize(
    "fake",
    [
        FakeRauc(listed=[make_slot("rootfs.0", "A")]),
        FakeRauc(properties={"BootSlot": "_external_"}),
        FakeRauc(listed=[make_slot(f"rootfs.{one}", one) for one in "ABC"]),
    ],
)
def test_a_machine_without_one_other_slot_is_not_updated(
    slots: RaucSlots, bus: str, fake: FakeRauc
) -> None:
    with fake.serve(bus), pytest.raises(SlotError) as caught:
        slots.check()
    assert caught.value.reason_code == "no-other-slot"


def test_a_boot_loader_that_names_no_slot_does_not_hide_the_rest(
    slots: RaucSlots, bus: str
) -> None:
    with FakeRauc(refusals={"GetPrimary": "'' does not match any bootname"}).serve(bus):
        report = slots.examine()
    assert (report.primary, report.booted) == ("", "rootfs.0")


def test_what_else_must_hold_is_asked_first(bus: str) -> None:
    def refuse_all() -> None:
        raise SlotError("no second system", "no-redundancy")

    with pytest.raises(SlotError, match="no second system"):
        RaucSlots(bus, preflight=refuse_all).check()
