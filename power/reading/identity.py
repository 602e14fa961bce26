"""Checks who answers: that the device behind a link is of the model that the settings name.

Reads: the device, by the signature of its model and, where that does not fit, those of the other
models with such frames. Writes: nothing.
Never: guesses. A device is called another one only where it answers as that one does. Devices that
cannot prove themselves (an EPEver in the dark, what stands behind a Victron GX, an SRNE under
another name) pass where nothing else fits; their values are checked for plausibility only.
"""

from collections.abc import Iterable, Iterator, Sequence
from threading import Event

from appliance.clock import Clock
from appliance.errors import BusError
from appliance.wording.sentence import say
from power.protocol.errors import ClosedLine, ExceptionAnswer, NoAnswer
from power.protocol.links import Link, make_sibling_link
from power.protocol.profile import Block, Identification, Profile

MOST_SILENCES = 3  # unanswered questions, then no more are asked: each costs a time-out


class ForeignDevice(BusError):  # noqa: N818  (named for what answers)
    """Another model answers than the settings name; `found` is that one."""

    code = "foreign"

    def __init__(
        self, named: Profile, found: Profile, likeness: Identification, port: str = ""
    ) -> None:
        who = say("the device at {port}", port=port) if port else say("this")
        super().__init__(
            say(
                "{who} answers like a {found} ({text}), not like a {named}: set `model = "
                '"{model}"`; until then its values are unknown',
                who=who,
                found=found.title,
                text=likeness.text,
                named=named.title,
                model=found.name,
            )
        )
        self.found = found
        self.is_swap = False

    def name_swap(self, section: str) -> None:
        """Say that this is perhaps the device of another section."""
        self.is_swap = True
        swap = say(
            "; it is the model of {section}: have two adapters changed places?", section=section
        )
        self.args = (say("{error}{swap}", error=self, swap=swap),)


class UnknownDevice(BusError):  # noqa: N818  (named for what answers)
    """A device answers that names itself, and is of no model that is known."""

    code = "foreign"

    def __init__(self, named: Profile, name: str, port: str = "") -> None:
        who = say("the device at {port}", port=port) if port else say("this")
        super().__init__(
            say(
                "{who} names itself {name} and is no {named}: its registers mean something "
                "else; connect the device that the settings name, or correct `port` and "
                "`device_id`; until then its values are unknown",
                who=who,
                name=name,
                named=named.title,
            )
        )


class IdentityCheck:
    """Run at the first contact with a device, after each loss of it, and now and then."""

    def __init__(
        self,
        profile: Profile,
        link: Link,
        clock: Clock,
        others: Sequence[Profile],
        port: str = "",
    ) -> None:
        self._port = port
        self._profile = profile
        self._link = link
        self._clock = clock
        self._was_certain = False
        self._others = [one for one in others if not are_variants(one, profile, others)]

    def read_serial_number(self) -> str | None:
        """What it tells of itself; None where it does not, or not now."""
        block = self._profile.serial_number
        if block is None:
            return None
        try:
            return self._profile.find_serial_number(self._link.read_raw(block))
        except BusError:
            return None

    def find_swapped(self) -> ForeignDevice | UnknownDevice | None:
        """As `find_foreigner`, of a device that answers all the time: it may have been exchanged
        between two polls. Asks once where it is still the same, never where that cannot be told.
        """
        if not self._was_certain:
            return None
        try:
            own = self._ask(self._profile, self._link)
        except NoAnswer:
            return None
        return None if own else self.find_foreigner()

    def find_foreigner(self) -> ForeignDevice | UnknownDevice | None:
        """The other model that answers; None where it is the one named, or may be."""
        own = self._identify(self._profile, self._link)
        self._was_certain = bool(own and own.certain)
        if self._was_certain:
            return None
        likely: ForeignDevice | None = None
        for other, likeness in self._list_likenesses():
            found = ForeignDevice(self._profile, other, likeness, self._port)
            if likeness.certain:
                return found
            likely = likely or found
        return (likely or self._find_unknown()) if own is None else None

    def _find_unknown(self) -> UnknownDevice | None:
        """A device that names itself as another than the settings mean."""
        try:
            name = self._profile.find_other_name(self._link.read_raw(self._profile.signature))
        except BusError:
            return None
        return UnknownDevice(self._profile, name, self._port) if name else None

    def _list_likenesses(self) -> Iterator[tuple[Profile, Identification]]:
        """The other models that the device answers like."""
        asked: set[tuple[str, Block]] = set()
        silences = 0
        for other in self._others:
            link = make_sibling_link(
                self._link, own=self._profile, sibling=other, clock=self._clock
            )
            if link is None or silences >= MOST_SILENCES:
                continue
            self._clock.wait_media(other.gap_s, Event())
            try:
                likeness = self._ask(other, link)
            except NoAnswer:
                silences += (other.protocol, other.signature) not in asked
                continue
            finally:
                asked.add((other.protocol, other.signature))
            if likeness:
                yield other, likeness

    def _identify(self, profile: Profile, link: Link) -> Identification | None:
        """What the signature shows; a lost one is asked for twice."""
        for _ in range(2):
            try:
                return self._ask(profile, link)
            except ClosedLine:
                raise
            except NoAnswer:
                continue
        return None

    def _ask(self, profile: Profile, link: Link) -> Identification | None:
        """What the reply to the model's signature shows; None where it is refused or damaged."""
        try:
            return profile.identify(link.read_raw(profile.signature))
        except NoAnswer:
            raise
        except (ExceptionAnswer, BusError):
            return None


def are_variants(one: Profile, other: Profile, models: Iterable[Profile] = ()) -> bool:
    """Whether both are forms of one model, which answer alike."""
    return any(
        isinstance(one, type(base)) and isinstance(other, type(base))
        for base in (one, other, *models)
    )
