"""A server of the hawkBit kind in a check-in, where the settings name one (ota/ddi).

    face = open_server(settings, store, log, files, volume.add)      # None: there is none
    trust = pace(client, face, orders.stick)

Reads: settings, who holds updates. Writes: nothing itself.
Never: imports ota/ddi where no server is named.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.log import SentenceLog
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.store.store import Store
from ota.checkin.unit import ThisUnit, find_machine
from ota.files import Files
from ota.machine.orders import OrdersFile
from ota.machine.ports import Trust
from ota.mirrors.directory import DirectoryMirror
from ota.trust.client import TrustClient

if TYPE_CHECKING:
    from ota.ddi.face import DdiFace


def open_server(
    settings: Settings,
    store: Store,
    log: SentenceLog,
    files: Files,
    on_bytes: Callable[[int], None],
) -> "DdiFace | None":
    """`on_bytes` hears what came over the link."""
    if not settings.ddi.url:
        return None
    from ota.ddi.opening import Around, open_face  # noqa: PLC0415

    orders = OrdersFile(files, settings.update.dir)
    unit = ThisUnit(settings, store, Host(settings.host.systemctl), orders)

    def now() -> datetime:
        return store.clock.stamp().utc

    around = Around(files, now, find_machine(), log, on_bytes, lambda: unit.find_hold(now()))
    return open_face(settings, around)


def pace(trust: TrustClient, face: "DdiFace | None", stick: str) -> Trust:
    """Trust as the engine sees it: the server may say when a release is taken. `stick`: a directory
    that a technician has brought, "" for none.
    """
    if face is None:
        return trust
    from ota.ddi.ports import PacedTrust  # noqa: PLC0415

    return PacedTrust(trust, face, DirectoryMirror(f"file://{stick}").name if stick else "")
