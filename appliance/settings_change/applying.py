"""Puts a change of the settings in force: checked once more, kept, replaced, services restarted.

    keeper = Keeper(path, SystemClock())
    entry = keeper.change(Wanted(text, base, who="Ada", why="new camera"))
    keeper.confirm(entry.number); keeper.take_back(entry.number, who="Ada")
    keeper.take_back_overdue()

Reads: the settings file and its history. Writes: both; orders to PID 1.
Never: changes a file that is another one than `base`, or while an earlier change waits for its
confirmation. A power cut leaves the old file or the new one, and a history that says which.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from appliance import settings_file
from appliance.clock import Clock
from appliance.errors import ApplianceError, HostError, SettingsError
from appliance.parsing.toml_text import decode
from appliance.process.host import Host
from appliance.process.units import format_unit
from appliance.settings_change import history as kept
from appliance.settings_change.describe import find_version
from appliance.settings_change.errors import ChangeError, Refused
from appliance.settings_change.history import Entry, History
from appliance.settings_change.keys import format_place
from appliance.settings_change.preview import MEANWHILE, look_at
from appliance.settings_change.restarts import TITLES, WEB, UnitOrder, Verb, format_titles
from appliance.settings_change.target import Target, make_error, read_target, replace_target
from appliance.settings_change.trees import list_changed
from appliance.store.file_locks import hold_lock
from appliance.wording.sentence import say

BACK_TIMER = "appliance-settings-back.timer"  # starts the oneshot that takes back what is overdue
LOCK_S = 30.0
NOBODY = say("the unit")
NOT_CONFIRMED = say("not confirmed within {confirm_min:g} min", confirm_min=kept.CONFIRM_S / 60)
PAGE = UnitOrder(format_unit(WEB), Verb.TRY_RESTART, TITLES[WEB])


@dataclass(frozen=True, slots=True)
class Wanted:
    """A new file in place of the version `base`. `proposal`: of which proposal, "" of none."""

    text: str
    base: str
    who: str
    why: str = ""
    proposal: str = ""
    from_page: bool = False


class Keeper:
    """The only one that changes a settings file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.history = History(path)
        self._clock = clock

    def change(self, wanted: Wanted) -> Entry:
        """Put it in force; raises `ChangeError`, and nothing was changed."""
        with self._open() as held:
            kept.refuse_while_waiting(self.history.find_waiting())
            if find_version(held.data) != wanted.base:
                raise ChangeError(MEANWHILE, Refused.CHANGED_MEANWHILE)
            look = partial(look_at, self.path, held.data, from_page=wanted.from_page)
            preview = look(wanted.text)
            must_confirm = wanted.from_page and bool(preview.to_confirm)
            entry = kept.make_entry(
                self._clock,
                who=wanted.who,
                why=wanted.why,
                keys=tuple(format_place(where) for where in preview.changed),
                before=preview.base,
                after=find_version(wanted.text.encode()),
                proposal=wanted.proposal,
                confirmation=kept.WAITING if must_confirm else kept.NONE,
            )
            return self._put(held, entry, wanted.text.encode(), preview.orders)

    def confirm(self, number: int) -> Entry:
        """A change that waits stays."""
        with self._open():
            entry = self._find_waiting(number)
            entry = replace(entry, confirmation=kept.CONFIRMED)
            self.history.store(entry)
            return entry

    def take_back(self, number: int, who: str, why: str = "") -> Entry:
        """A change that waits goes: the file of before it is in force again."""
        with self._open() as held:
            return self._take_back(held, self._find_waiting(number), who, why)

    def take_back_overdue(self) -> Entry | None:
        """What was not confirmed in time goes; None where there is nothing."""
        with self._open() as held:
            entry = self.history.find_waiting()
            if entry is None or entry.find_left_s(self._clock) > 0:
                return None
            return self._take_back(held, entry, NOBODY, NOT_CONFIRMED)

    def _find_waiting(self, number: int) -> Entry:
        entry = self.history.find(number)
        if entry.confirmation != kept.WAITING:
            raise ChangeError(
                say(
                    "change {number} waits for nothing: it is {confirmation}",
                    number=number,
                    confirmation=entry.confirmation,
                )
            )
        return entry

    def _take_back(self, held: Target, entry: Entry, who: str, why: str) -> Entry:
        """The file of before that change; where it is another one by now, it stays as it is."""
        if (version := find_version(held.data)) != entry.after:
            is_back = version == entry.before  # it was killed while it took it back
            gone = replace(entry, confirmation=kept.TAKEN_BACK if is_back else kept.OVERTAKEN)
            self.history.store(gone)
            return gone
        old = self.history.read_text(entry.number)
        changed = list_changed(*(parse(self.path, one) for one in (held.data, old.encode())))
        back = kept.make_entry(
            self._clock,
            who=who,
            why=say(
                "change {number} taken back: {why}",
                number=entry.number,
                why=why,
            ),
            keys=tuple(map(format_place, changed)),
            before=find_version(held.data),
            after=find_version(old.encode()),
        )
        done = self._put(held, back, old.encode(), self._find_orders(held.data, old))
        self.history.store(replace(entry, confirmation=kept.TAKEN_BACK))
        return done

    def _find_orders(self, data: bytes, old: str) -> Iterable[UnitOrder]:
        """What is restarted; what was in force goes back also where it is refused by now."""
        try:
            return look_at(self.path, data, old, from_page=False).orders
        except ChangeError:
            return (PAGE,)

    def _put(self, held: Target, entry: Entry, data: bytes, orders: Iterable[UnitOrder]) -> Entry:
        """Keep the old file, replace it, give the orders; the page's own restart comes last."""
        try:
            entry = self.history.begin(entry, held.data)
        except OSError as error:
            raise make_error(self.history.directory, error) from None
        unset = self._set_timer(entry)  # first: a kill after the file is replaced must not cost it
        try:
            replace_target(self.path, held, data)
        except ChangeError:
            self.history.give_up(entry)
            raise
        return self._finish(entry, orders, is_timer_set=not unset)

    def _set_timer(self, entry: Entry) -> list[str]:
        """Have PID 1 take back what waits and nobody confirms; why not, in sentences."""
        if entry.confirmation != kept.WAITING:
            return []
        return try_order(lambda: self._find_host().restart(BACK_TIMER).wait())

    def _finish(
        self, entry: Entry, orders: Iterable[UnitOrder], *, is_timer_set: bool = False
    ) -> Entry:
        """The file is in its place: give the orders, and say what became of it."""
        unset = [] if is_timer_set else self._set_timer(entry)
        host = self._find_host()
        before_page = [one for one in orders if one != PAGE]
        said = [*format_titles(orders), *give(host, before_page), *unset]
        if entry.proposal:  # before its end: a kill between both leaves what is gone on with
            self.history.write_result(entry.proposal, kept.make_result(entry.number, said))
        entry = self.history.finish(entry, said)
        give(host, [one for one in orders if one == PAGE])
        return entry

    def _go_on(self, entry: Entry, held: Target) -> None:
        """What was killed after the file was replaced: after a boot all services have the new file,
        in the same one they have not.
        """
        if entry.boot_id == self._clock.stamp().boot_id:
            self._finish(entry, self._find_orders_since(entry, held))
            return
        said = (kept.AFTER_POWER_CUT,)
        if entry.proposal:
            self.history.write_result(entry.proposal, kept.make_result(entry.number, said))
        self.history.finish(entry, said)

    def _find_orders_since(self, entry: Entry, held: Target) -> Iterable[UnitOrder]:
        try:
            old = self.history.read_text(entry.number)
            return self._find_orders(old.encode(), decode(held.data))
        except ApplianceError:
            return (PAGE,)

    def _find_host(self) -> Host:
        """PID 1 by the settings that are in force now."""
        return Host(settings_file.load_settings(self.path).host.systemctl)

    @contextmanager
    def _open(self) -> Iterator[Target]:
        """The file, and nobody else who changes it; what a power cut left is put right first."""
        held = read_target(self.path)
        try:
            self.history.make_directory(held.gid)
            with hold_lock(self.history.directory / "lock", LOCK_S):
                held = read_target(self.path)
                for entry in self.history.recover(find_version(held.data)):
                    self._go_on(entry, held)
                yield held
        except OSError as error:
            raise make_error(self.history.directory, error) from None


def parse(path: Path, data: bytes) -> dict[str, object]:
    """The tree of a file; an empty one where it is no TOML."""
    try:
        return settings_file.parse_own(path, data)[1]
    except SettingsError:
        return {}


def give(host: Host, orders: Iterable[UnitOrder]) -> list[str]:
    """Give orders to PID 1; what it refuses, in sentences."""
    verbs: dict[Verb, Callable[..., object]] = {
        Verb.STOP: host.stop,
        Verb.RESTART: host.restart,
        Verb.TRY_RESTART: host.try_restart,
    }
    return [
        text for one in orders for text in try_order(partial(wait_for, verbs[one.verb], one.unit))
    ]


def wait_for(order: Callable[..., object], unit: str) -> None:
    given = order(unit)
    given.wait()  # type: ignore[attr-defined]


def try_order(order: Callable[[], None]) -> list[str]:
    """Nothing where PID 1 takes it."""
    try:
        order()
    except (HostError, ApplianceError) as error:
        return [say("{error}; the new settings hold from its next start", error=error)]
    return []
