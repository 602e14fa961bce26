"""Slots by RAUC 1.13 on the system's bus; which boot loader it speaks to is its own affair.

    slots = RaucSlots()
    slots.install(Path("/var/lib/ota/content/AB.image"), "2026.11.1", on_progress)

RAUC must not activate what it installed (`activate-installed=false` in its system.conf): that is
`arm`, after the energy was looked at again.

Reads and writes: through RAUC, nothing by itself.
Never: installs what RAUC would not verify chunk by chunk (`plain`), or what is for another machine.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance.strict_json import show
from appliance.wording.sentence import say
from ota.errors import SlotError
from ota.slots.rauc_bus import Limits, RaucBus, connect
from ota.slots.slots import OnProgress, SlotsReport, SlotState, SlotStatus

FORMATS = ("verity", "crypt")


class RaucSlots:
    """`bus`: "SYSTEM", or an address. `preflight`: what else must hold on this machine; raises
    `SlotError`.
    """

    def __init__(
        self,
        bus: str = "SYSTEM",
        *,
        limits: Limits | None = None,
        preflight: Callable[[], None] | None = None,
    ) -> None:
        self._bus = bus
        self._limits = limits or Limits()
        self._preflight = preflight

    def examine(self) -> SlotsReport:
        with connect(self._bus, self._limits) as rauc:
            return read_report(rauc)

    def check(self) -> None:
        if self._preflight is not None:
            self._preflight()
        with connect(self._bus, self._limits) as rauc:
            require_two_slots(read_report(rauc))
            if not rauc.read("Compatible"):
                raise SlotError(
                    say(
                        "RAUC does not know what this machine is: `compatible` is missing in "
                        "/etc/rauc/system.conf"
                    ),
                    "no-compatible",
                )

    def install(self, image: Path, release: str, on_progress: OnProgress) -> None:
        with connect(self._bus, self._limits) as rauc:
            require_two_slots(read_report(rauc))
            (info,) = rauc.call("InspectBundle", "sa{sv}", (str(image), {}))
            refuse_bundle(image, release, info, str(rauc.read("Compatible")))
            rauc.install(str(image), on_progress)

    def arm(self) -> None:
        self._mark("active", "other")

    def commit(self) -> None:
        self._mark("good", "booted")
        self._mark("active", "booted")

    def fall_back(self) -> None:
        self._mark("active", "other")
        self._mark("bad", "booted")

    def _mark(self, state: str, slot: str) -> None:
        with connect(self._bus, self._limits) as rauc:
            rauc.call("Mark", "ss", (state, slot))


def read_report(rauc: RaucBus) -> SlotsReport:
    """The slots that can be booted, as RAUC and its boot loader say."""
    (listed,) = rauc.call("GetSlotStatus")
    slots = {name: read_slot(facts) for name, facts in listed if "bootname" in facts}
    booted = str(rauc.read("BootSlot"))
    names = {get_text(facts, "bootname"): name for name, facts in listed}
    # A boot loader that names no slot is an error to RAUC; here it is a slot without a name.
    (primary,) = rauc.call_or_none("GetPrimary") or ("",)
    return SlotsReport(names.get(booted, booted if booted in slots else ""), str(primary), slots)


def read_slot(facts: Mapping[str, tuple[str, Any]]) -> SlotStatus:
    release = get_text(facts, "bundle.version")
    used = release or get_text(facts, "state") == "booted" or get_text(facts, "status") == "ok"
    state = SlotState.BAD if used else SlotState.EMPTY
    if get_text(facts, "boot-status") == "good":
        state = SlotState.GOOD
    size = get_text(facts, "size")
    return SlotStatus(
        release,
        state,
        sha256=get_text(facts, "sha256"),
        size_bytes=int(size) if size.isdecimal() else 0,
        device=get_text(facts, "device"),
    )


def get_text(facts: Mapping[str, tuple[str, Any]], key: str) -> str:
    return str(facts[key][1]) if key in facts else ""


def get_facts(info: Mapping[str, tuple[str, Any]], key: str) -> Mapping[str, tuple[str, Any]]:
    """Facts within facts, which RAUC packs as a variant in a variant."""
    kind, value = info.get(key, ("a{sv}", {}))
    while kind == "v":
        kind, value = value
    return value if isinstance(value, Mapping) else {}


def require_two_slots(report: SlotsReport) -> None:
    if not report.other:
        raise SlotError(
            say(
                "RAUC knows {count} slots and says that {booted} runs; two are needed, "
                "and one of them must run: look at /etc/rauc/system.conf and at rauc.slot= in "
                "/proc/cmdline",
                count=len(report.slots),
                booted=show(report.booted),
            ),
            "no-other-slot",
        )


def refuse_bundle(
    image: Path, release: str, info: Mapping[str, tuple[str, Any]], compatible: str
) -> None:
    """Raise `SlotError` for a bundle that RAUC could take and that is not meant."""
    update, bundle = get_facts(info, "update"), get_facts(info, "bundle")
    kind, meant = get_text(bundle, "format"), get_text(update, "compatible")
    if kind not in FORMATS:
        raise SlotError(
            say(
                "{image} is a bundle of the form {kind}, which is not verified while it is "
                "read: build it with `[bundle] format=verity`",
                image=image,
                kind=show(kind),
            ),
            "bundle-plain",
        )
    if meant != compatible:
        raise SlotError(
            say(
                "{image} of release {release} is for {meant} and this machine is {compatible}: "
                "assign a release for it",
                image=image,
                release=release,
                meant=show(meant),
                compatible=show(compatible),
            ),
            "wrong-machine",
        )
