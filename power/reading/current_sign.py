"""Finds the device whose battery current has the wrong sign, and says what to do.

Reads and writes: nothing; it keeps the evidence (power/reading/current_evidence.py).
Never: inverts a current by itself: what is wrong, or may be, is not used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from appliance.errors import BusError
from appliance.model import BatteryReading, ChargeStage, PowerReading
from appliance.wording.sentence import Sentence, say
from power.reading.combine import Charger
from power.reading.comparisons import Vote
from power.reading.current_evidence import (
    ALONE_S,
    CurrentEvidence,
    CurrentSample,
    Evidence,
    SignResult,
)
from power.reading.disagreements import (
    Disagreement,
    compare_means,
    compare_scales,
    compare_slope,
    compare_with_sun,
)

HIDDEN_A = 1.5  # in the mean of a day: the zero points of two meters differ by less
CONVERSION_EFFICIENCY = 0.96  # of the sun's power arrives at the battery


class WrongSign(BusError):  # noqa: N818  (named for what it is)
    """A battery current has the wrong sign, or two contradict each other."""

    code = "current"


@dataclass(frozen=True, slots=True)
class DeviceCurrent:
    """One device's battery current in this poll, and what the others are compared with."""

    title: str  # "bms pack"
    _: KW_ONLY
    current_a: float | None
    voltage_v: float | None
    measures_battery: bool  # its current, with those of its kind, is the battery's
    pv_w: float | None = None
    load_w: float | None = None
    takes_all: bool = False  # of what its panels can give: it is in bulk charge
    charge_pct: float | None = None
    full_ah: float | None = None

    @property
    def is_pack(self) -> bool:
        return self.title.startswith("bms ")

    @property
    def sun_a(self) -> float | None:
        """What panels and load output leave for the battery's terminals."""
        if self.pv_w is None or self.load_w is None or not self.voltage_v:
            return None
        return (self.pv_w * CONVERSION_EFFICIENCY - self.load_w) / self.voltage_v

    @property
    def most_a(self) -> float | None:
        """What the panels give at most."""
        return self.pv_w / self.voltage_v if self.pv_w is not None and self.voltage_v else None


@dataclass(frozen=True, slots=True)
class SignVerdict:
    """The result on one device, with the evidence for and against its sign."""

    result: SignResult = SignResult.TRUSTED
    against: frozenset[Evidence] = frozenset()
    in_favour: frozenset[Evidence] = frozenset()

    @property
    def is_contradicted_only(self) -> bool:
        return self.result is SignResult.UNSURE and self.against == {Evidence.OTHERS}

    @property
    def doubts_charge(self) -> bool:
        """Whether the state of charge may be wrong as well: it contradicts a current that may be
        right, or was counted with one that is wrong.
        """
        kinds = self.against if self.result is SignResult.UNSURE else self.in_favour - self.against
        return Evidence.CHARGE in kinds


TRUSTED = SignVerdict()
WRONG = {SignResult.INVERTED, SignResult.ONE_WAY}


def is_pack(title: str) -> bool:
    return title.startswith("bms ")


@dataclass
class CurrentSigns:
    """The result on each device's current. `inverted` names the devices whose settings already
    invert theirs.
    """

    inverted: frozenset[str] = frozenset()
    _faults: dict[str, WrongSign] = field(default_factory=dict)
    _evidence: dict[str, CurrentEvidence] = field(default_factory=dict)
    _results: dict[str, SignVerdict] = field(default_factory=dict)

    def list_faults(self) -> list[WrongSign]:
        """One fault for each device that is not trusted. Where a controller and a pack only
        contradict each other, the pack's is for both.
        """
        packs = any(is_pack(title) for title in self._faults)
        return [
            fault
            for title, fault in self._faults.items()
            if not (packs and self._results[title].is_contradicted_only and not is_pack(title))
        ]

    def list_other_scales(self) -> list[Disagreement]:
        """The devices that count another size of current: a controller than its own panels and
        loads leave, else a pack than the controllers.
        """
        beside_sun = self._list_beside_sun()
        if beside_sun:
            return [compare_with_sun(title, *means_a) for title, means_a in beside_sun.items()]
        packs = {title: one for title, one in self._evidence.items() if is_pack(title)}
        return [
            compare_scales(title, *one.scale.means_a)
            if one.scale.means_a
            else compare_slope(title, one.slope.slope or 0.0)
            for title, one in packs.items()
            if one.scale.means_a or one.slope.slope is not None
        ]

    def list_hidden_flows(self) -> list[Disagreement]:
        """The packs whose current is that of the controllers but for some amperes, in the mean of a
        day: what is connected directly to the battery. No value is rejected for it.
        """
        return [
            compare_means(title, difference_a, evidence.voltage.last[2])
            for title, evidence in self._evidence.items()
            if is_pack(title)
            and self._get_result(title) is SignResult.TRUSTED
            and not self._has_other_scale(title)
            and evidence.scale.means_a is None
            and (difference_a := evidence.direct.leaves_a or evidence.difference.known_a)
            and abs(difference_a) > HIDDEN_A
            and evidence.voltage.last is not None
        ]

    def find_difference_a(self) -> float | None:
        """By how much another meter of the battery's current differs from the one that is used, in
        the mean of a day; None where there is none, or it is not known yet.
        """
        packs = {title: one for title, one in self._evidence.items() if is_pack(title)}
        known = [one.difference.known_a for one in (packs or self._evidence).values()]
        found = [abs(one) for one in known if one is not None]
        return max(found) if found and len(found) == len(known) else None

    def find_rejected_fields(
        self, title: str, *, current: str, charge: str = ""
    ) -> tuple[str, ...]:
        """The fields of that device that are not used now."""
        verdict = self._results.get(title, TRUSTED)
        if verdict.result is not SignResult.TRUSTED:
            doubts_charge = verdict.doubts_charge
        elif self._has_other_scale(title):
            doubts_charge = Evidence.CHARGE in verdict.in_favour  # counted with that current
        else:
            return ()
        return (current, charge) if charge and doubts_charge else (current,)

    def _list_beside_sun(self) -> dict[str, tuple[float, float]]:
        """The controllers whose current is of another size than their panels minus loads, with the
        means of both.
        """
        return {
            title: evidence.sun_scale.means_a
            for title, evidence in self._evidence.items()
            if not is_pack(title) and evidence.sun_scale.means_a
        }

    def _has_other_scale(self, title: str) -> bool:
        """Whether the size of its current is contradicted, and no third shows that it is right. A
        pack that discharges while the controllers rest has loads of its own: it is right.
        """
        beside_sun = self._list_beside_sun()
        if beside_sun:
            return title in beside_sun
        evidence = self._evidence.get(title)
        if evidence is None or not evidence.scale.means_a:
            return evidence is not None and evidence.slope.slope is not None
        return not (is_pack(title) and evidence.alone_s >= ALONE_S)

    def observe(self, chargers: Mapping[str, Charger], packs: Mapping[str, BatteryReading]) -> None:
        """One poll of the devices that answered and are not frozen."""
        readings = [*(one.reading for one in chargers.values()), *packs.values()]
        now_s = max((one.stamp.uptime_s for one in readings if one), default=0.0)
        currents = [
            *(describe_charger(f"charger {name}", one) for name, one in chargers.items()),
            *(describe_pack(f"bms {name}", one) for name, one in packs.items()),
        ]
        before_a = self._find_direct_a()
        for one in currents:
            if one.current_a is not None:
                sample = self._make_sample(one, currents, now_s)
                self._evidence.setdefault(one.title, CurrentEvidence()).add_sample(sample)
        if (self._find_direct_a() is None) is not (before_a is None):
            for evidence in self._evidence.values():
                evidence.begin_anew_beside()
        self._judge_all({one.title: one for one in currents}, now_s)

    def _judge_all(self, currents: Mapping[str, DeviceCurrent], now_s: float) -> None:
        """Judge; the current of a device found wrong, or right again, was false evidence about the
        others.
        """
        for title, evidence in self._evidence.items():
            was_wrong = self._get_result(title) in WRONG
            if (evidence.judge(now_s) in WRONG) is not was_wrong:
                self._discard_votes_of(title)
        for title, evidence in self._evidence.items():
            self._set_result(title, evidence, currents.get(title), now_s)

    def _discard_votes_of(self, other: str) -> None:
        for title, evidence in self._evidence.items():
            if title != other:
                evidence.discard_votes(Evidence.OTHERS)

    def _get_result(self, title: str) -> SignResult:
        return self._results.get(title, TRUSTED).result

    def _set_result(
        self, title: str, evidence: CurrentEvidence, current: DeviceCurrent | None, now_s: float
    ) -> None:
        """Keep the result; a fault's words change with the result only."""
        verdict = SignVerdict(
            evidence.judge(now_s),
            evidence.list_kinds(Vote.OPPOSES, now_s),
            evidence.list_kinds(Vote.AGREES, now_s),
        )
        if verdict.result is SignResult.TRUSTED:
            self._faults.pop(title, None)
        elif verdict.result is not self._get_result(title) and current is not None:
            self._faults[title] = self._make_fault(current, verdict)
        self._results[title] = verdict

    def _find_direct_a(self) -> float | None:
        """What a load takes that is connected directly to the battery (A, below 0), by the packs'
        current beside the controllers'.
        """
        packs = (one for title, one in self._evidence.items() if is_pack(title))
        return next((one.direct.leaves_a for one in packs if one.direct.leaves_a), None)

    def _make_sample(
        self, own: DeviceCurrent, currents: Sequence[DeviceCurrent], now_s: float
    ) -> CurrentSample:
        """The current of one device beside those of all others now."""
        beside = [one for one in currents if one.title != own.title and one.is_pack == own.is_pack]
        across = [one for one in currents if one.is_pack != own.is_pack]
        rest_a = sum_known([self._get_signed_a(one) for one in beside], none=0.0)
        across_a = sum_known([self._get_signed_a(one) for one in across])
        sun_a, most_a, taken_a = own.sun_a, None, None
        if own.is_pack:
            taken_a = find_taken_a(across) if not beside else None
            sun_a = subtract(sum_known([one.sun_a for one in across]), rest_a)
            most_a = subtract(sum_known([one.most_a for one in across]), rest_a)
        measures_all = all(one.measures_battery for one in (own, *beside, *across))
        return CurrentSample(
            at_s=now_s,
            current_a=own.current_a or 0.0,
            # At constant voltage a controller gives more when a load draws the voltage down.
            voltage_v=own.voltage_v if own.measures_battery else None,
            others_a=subtract(across_a, rest_a) if measures_all else None,
            sun_a=sun_a if measures_all or not own.is_pack else None,
            most_a=most_a,
            taken_a=taken_a,
            direct_a=(self._find_direct_a() or 0.0) * (1 if own.is_pack else -1),
            charge_pct=own.charge_pct,
            full_ah=own.full_ah,
        )

    def _get_signed_a(self, one: DeviceCurrent) -> float | None:
        """Its current as evidence about others: that of an inverted device with the sign
        changed; one that is wrong in one direction is none.
        """
        result = self._get_result(one.title)
        if one.current_a is None or result is SignResult.ONE_WAY:
            return None
        return -one.current_a if result is SignResult.INVERTED else one.current_a

    def _make_fault(self, one: DeviceCurrent, verdict: SignVerdict) -> WrongSign:
        setting = f"invert_current = {'false' if one.title in self.inverted else 'true'}"
        section = one.title.replace(" ", ".")
        advice = say("{setting} in [{section}]", setting=setting, section=section)
        kinds = sorted(kind.value for kind in verdict.against)
        because = kinds[0] if kinds else ""
        for other in kinds[1:]:
            because = say("{one} and {other}", one=because, other=other)
        shown = say(
            "it reports {current_a:+.1f} A (positive: into the battery)",
            current_a=one.current_a or 0.0,
        )
        error = WrongSign(
            tell_sign(verdict.result, device=one.title, shown=shown, because=because, advice=advice)
        )
        error.code = f"current-{one.title.replace(' ', '-')}"
        return error


def tell_sign(
    result: SignResult, *, device: str, shown: str, because: str, advice: str
) -> Sentence:
    """What is wrong with its current, and what to do."""
    if result is SignResult.INVERTED:
        return say(
            "{device}: the battery's current has the wrong sign: {shown}, but {because}. It is not "
            "used; set {advice}",
            device=device,
            shown=shown,
            because=because,
            advice=advice,
        )
    if result is SignResult.ONE_WAY:
        return say(
            "{device}: the battery's current has the wrong sign in one direction only: {shown}, "
            "but {because}, while it is right the other way. It is not used, and no setting puts "
            "it right: check that `model` is this device, and its firmware",
            device=device,
            shown=shown,
            because=because,
        )
    return say(
        "{device}: the battery's current is contradicted: {shown}, but {because}, and no third "
        "comparison shows yet which is right. Neither is used; if this lasts, measure with a clamp "
        "meter which one it is before you change anything",
        device=device,
        shown=shown,
        because=because,
    )


def describe_charger(title: str, charger: Charger) -> DeviceCurrent:
    """A charge controller's current; `charger.reading` must be known."""
    reading: PowerReading | None = charger.reading
    assert reading is not None
    has_output = getattr(charger.profile, "has_load_output", False)
    return DeviceCurrent(
        title,
        current_a=reading.battery_current_a,
        voltage_v=reading.battery_voltage_v,
        measures_battery=charger.measures_loads,
        pv_w=reading.pv_power_w,
        load_w=reading.load_power_w if has_output else 0.0,
        takes_all=reading.charge_stage is ChargeStage.BULK,
    )


def describe_pack(title: str, pack: BatteryReading) -> DeviceCurrent:
    """A BMS's or shunt's current."""
    return DeviceCurrent(
        title,
        current_a=pack.current_a,
        voltage_v=pack.voltage_v,
        measures_battery=True,
        charge_pct=pack.state_of_charge_pct,
        full_ah=pack.full_ah,
    )


def find_taken_a(controllers: Sequence[DeviceCurrent]) -> float | None:
    """What all panels give, in amperes at the battery, while all that they can give is taken."""
    if not all(one.takes_all for one in controllers):
        return None
    given_a = sum_known([one.most_a for one in controllers])
    return None if given_a is None else given_a * CONVERSION_EFFICIENCY


def sum_known(parts: Sequence[float | None], none: float | None = None) -> float | None:
    """The sum; unknown where a part is; `none` where there is no part at all."""
    if not parts:
        return none
    known = [one for one in parts if one is not None]
    return sum(known) if len(known) == len(parts) else None


def subtract(whole_a: float | None, rest_a: float | None) -> float | None:
    """What is left of the whole."""
    return None if whole_a is None or rest_a is None else whole_a - rest_a
