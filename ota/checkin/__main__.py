"""`python -m ota.checkin --settings FILE`: one check-in, then it ends (a timer comes again).

Reads and writes: see ota/checkin/cycle.py.
Never: holds a rule. Exit codes as for every service; 3: another check-in runs.
"""

import argparse
import sys
from collections.abc import Iterable
from contextlib import closing
from threading import Event
from typing import TYPE_CHECKING

from appliance import log, settings_file
from appliance.errors import ApplianceError, StoreError
from appliance.process import service
from appliance.settings import Settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from appliance.store.tables import CHECKIN
from appliance.wording.sentence import say
from ota.checkin.idle import find_rest, has_report_of_today
from ota.checkin.only_one import only_one
from ota.checkin.stick import obey_page
from ota.disk import Disk
from ota.errors import LinkError
from ota.machine.orders import OrdersFile
from ota.mirrors.mirror import Mirror

if TYPE_CHECKING:
    from ota.checkin.parts import Parts

TIMESTAMP = "image/metadata/timestamp.json"


def main() -> None:
    arguments = parse_arguments()
    own_log = log.setup(CHECKIN)
    stop = service.stop_on_signals()
    try:
        settings = settings_file.load_settings(arguments.settings)
        if arguments.self_test:
            store = Store(settings.database, settings.make_clock())
            try_start(make_parts(settings, store, own_log, stop), contact=arguments.contact)
            return
        with only_one(settings.update.dir, own_log):
            obey_page(settings, settings.make_clock(), Disk(), own_log)
            if takes_updates(settings):
                work(settings, own_log, stop, now=arguments.now)
            else:
                report_alone(settings, own_log, stop)
    except ApplianceError as error:
        print(f"{CHECKIN}: {log.redact(str(error))}", file=sys.stderr)
        sys.exit(service.find_exit_code(error))


def work(settings: Settings, own_log: log.SentenceLog, stop: Event, *, now: bool) -> None:
    """What there is to do; `now`: also before it is time to. Raises `ApplianceError`."""
    with closing(Store(settings.database, settings.make_clock(), CHECKIN, opened=False)) as store:
        open_database(store, own_log)
        rest = "" if now else find_rest(settings, store, Disk(), own_log)
        if rest:
            own_log.info(rest)
        else:
            check_in(make_parts(settings, store, own_log, stop), now=now)


def report_alone(settings: Settings, own_log: log.SentenceLog, stop: Event) -> None:
    """The report of a unit that takes no updates: how it is, and when it will be back."""
    own_log.info(say("no mirror is set: this unit takes no updates ([update] mirrors)"))
    with closing(Store(settings.database, settings.make_clock(), CHECKIN, opened=False)) as store:
        open_database(store, own_log)
        if not has_report_of_today(Disk(), settings.update.dir, store):
            make_parts(settings, store, own_log, stop).report()


def open_database(store: Store, own_log: log.SentenceLog) -> None:
    """One that cannot be used stops no update: a release on trial may have broken it, and is to be
    taken back.
    """
    try:
        prepare_database(store.path)
        store.reopen()
    except StoreError as error:
        own_log.warning(f"the check-in goes on without rows: {error}")


def make_parts(settings: Settings, store: Store, own_log: log.SentenceLog, stop: Event) -> "Parts":
    """Imported only where there is work: most check-ins have none, and it costs as much again."""
    from ota.checkin.parts import Parts  # noqa: PLC0415

    return Parts(settings, store, own_log, stop)


def check_in(parts: "Parts", *, now: bool) -> None:
    """One check-in, and its report. Raises `UpdateError`."""
    parts.mend()
    parts.keep_whole()
    try:
        parts.log.info(parts.make_cycle(now=now).run())
    finally:
        parts.report()


def takes_updates(settings: Settings) -> bool:
    """Whether there is where to ask, now or with a stick: else a fault would be no news."""
    directory = settings.update.dir
    has_roots = any((directory / "trust").glob("*-root.json"))
    return bool(settings.update.mirrors or OrdersFile(Disk(), directory).read().stick) or has_roots


def parse_arguments() -> argparse.Namespace:
    parser = service.make_parser(CHECKIN, takes_instance=False)
    parser.add_argument(
        "--now", action="store_true", help="ask the mirrors, also before it is time"
    )
    parser.add_argument(
        "--self-test", action="store_true", help="only read journal, trust and orders, and end"
    )
    parser.add_argument("--contact", action="store_true", help="with it: and reach a mirror")
    return parser.parse_args()


def try_start(parts: "Parts", *, contact: bool) -> None:
    """Whether this program could take the next release: it reads all that an update starts from."""
    engine = parts.make_engine(asks=False)
    parts.trust.find_clock_floor()
    if contact:
        require_contact(parts.trust.mirrors)
    print(f"the updater starts; the journal is in state {engine.progress.step.value}")


def require_contact(mirrors: Iterable[Mirror]) -> None:
    """Read a little of the first mirror that answers; raises `LinkError` where none does."""
    error = LinkError(say("no mirror is set ([update] mirrors)"), "no-mirror")
    for mirror in mirrors:
        try:
            next(iter(mirror.read(TIMESTAMP, most_bytes=1)), b"")
        except LinkError as refusal:
            error = refusal
        else:
            return
    raise error


if __name__ == "__main__":
    main()
