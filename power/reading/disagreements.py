"""Devices on one battery that contradict each other: voltages, and how much current they count.

Reads and writes: nothing; pure.
Never: names an odd one out where there are only two: both are named then.
"""

from collections.abc import Collection, Mapping
from statistics import median

from appliance.errors import BusError
from appliance.wording.sentence import join_sentences, say

VOLTAGE_TOLERANCE = 0.08  # of the voltage: long thin wires drop less
FEWEST = 3  # voltages, for one of them to be the odd one out


class Disagreement(BusError):  # noqa: N818  (named for what it is)
    """Two devices on one battery cannot both be right."""

    code = "disagreement"


def find_odd_voltages(volts: Mapping[str, float]) -> frozenset[str]:
    """The devices whose voltage is far from that of all others, which agree; none of two."""
    if len(volts) < FEWEST:
        return frozenset()
    middle_v = median(volts.values())
    odd = frozenset(one for one, v in volts.items() if is_far(v, middle_v))
    return odd if len(volts) - len(odd) >= 2 else frozenset()


def is_far(one_v: float, other_v: float) -> bool:
    return abs(one_v - other_v) > VOLTAGE_TOLERANCE * max(one_v, other_v)


def compare_voltages(volts: Mapping[str, float]) -> list[Disagreement]:
    """What is wrong with the voltages of one battery (title -> V), in words."""
    odd = find_odd_voltages(volts)
    if odd:
        return [tell_odd(one, volts, odd) for one in sorted(odd)]
    if len(volts) < 2:
        return []
    low, high = min(volts, key=lambda one: volts[one]), max(volts, key=lambda one: volts[one])
    if not is_far(volts[low], volts[high]):
        return []
    return [
        Disagreement(
            say(
                "{low} reports {low_v:.2f} V and {high} {high_v:.2f} V, but they are on one "
                "battery: check `model` of both in the settings, and the wires between them",
                low=low,
                low_v=volts[low],
                high=high,
                high_v=volts[high],
            )
        )
    ]


def tell_odd(odd_one: str, volts: Mapping[str, float], odd: Collection[str]) -> Disagreement:
    """One that differs from all others."""
    others = [
        say("{one} {volts:.2f} V", one=one, volts=v) for one, v in volts.items() if one not in odd
    ]
    text = say(
        "{one} reports {volts:.2f} V, but all others on the battery agree ({others}): its voltage "
        "is not used; check its `model` in the settings, its fuse and its wires",
        one=odd_one,
        volts=volts[odd_one],
        others=join_sentences(", ", others),
    )
    return make_disagreement(text, odd_one)


def compare_scales(pack: str, own_a: float, others_a: float) -> Disagreement:
    """A pack and the controllers count for half an hour, with one sign, and not the same."""
    return make_disagreement(
        say(
            "{pack} counts {own_a:+.1f} A and the charge controllers {others_a:+.1f} A, as the "
            "mean of half an hour, but both measure the battery's current. What no third "
            "comparison shows to be right is not used. If loads are wired to the battery set "
            "loads_on_battery = true in the controller's section; otherwise check the setting "
            "of the shunt, and for a charger that is not in the settings",
            pack=pack,
            own_a=own_a,
            others_a=others_a,
        ),
        pack,
    )


def compare_means(pack: str, difference_a: float, voltage_v: float) -> Disagreement:
    """A pack counts some amperes more or less than the controllers, however much flows."""
    watts = abs(difference_a) * voltage_v
    if difference_a > 0:
        return make_disagreement(
            say(
                "{watts:.0f} W more enter {pack} than the charge controllers report, in the "
                "mean of a day: a charger that is not in the settings is connected to the "
                "battery. It is counted; enter it as [charger.NAME] if the unit can read it",
                watts=watts,
                pack=pack,
            ),
            pack,
        )
    return make_disagreement(
        say(
            "{watts:.0f} W more leave {pack} than the charge controllers and their load outputs "
            "report, day and night: something is connected directly to the battery. It is "
            "counted; if it should be so set loads_on_battery = true in the controller's "
            "section, otherwise follow the wires at the battery's terminals",
            watts=watts,
            pack=pack,
        ),
        pack,
    )


def compare_slope(pack: str, slope: float) -> Disagreement:
    """A pack counts far more or less than the sun gives more or less."""
    return make_disagreement(
        say(
            "{pack} counts {slope:.1g} A more or less for each ampere that the panels give more "
            "or less, over hours of bulk charge: its current is not used; check the setting of "
            "the shunt and that `model` is this device, with a clamp meter",
            pack=pack,
            slope=slope,
        ),
        pack,
    )


def compare_with_sun(charger: str, own_a: float, sun_a: float) -> Disagreement:
    """A controller's current is of another size than its own panels and load output leave."""
    return make_disagreement(
        say(
            "{charger} counts {own_a:+.1f} A, but its panels minus its loads leave {sun_a:+.1f} "
            "A, as the mean of half an hour: its current is not used; check its `model` in the "
            "settings, and with a clamp meter which of its values is wrong",
            charger=charger,
            own_a=own_a,
            sun_a=sun_a,
        ),
        charger,
    )


def make_disagreement(text: str, device: str) -> Disagreement:
    """The fault of one device."""
    error = Disagreement(text)
    error.code = f"disagreement-{device.replace(' ', '-')}"
    return error
