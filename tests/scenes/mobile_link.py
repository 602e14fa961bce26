"""The mobile link's rows, and all that is asked of them.

Reads and writes: nothing; through the store that it is given.
Never: speaks to a modem.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from appliance.model import Stamp
from appliance.model_updates import LinkAct, LinkDay, LinkPhase, LinkReset, LinkState
from appliance.settings import Settings
from appliance.status.link import describe_link
from appliance.store.store import Store
from appliance.web.metric_link import collect_link
from sensors.link.cycle import find_time_s
from sensors.link.traffic import resume

HOUR = timedelta(hours=1)


def make_rows(now: Stamp) -> list[Any]:
    return [
        LinkState(
            now,
            LinkPhase.CONNECTED,
            "connected over lte",
            "wwan0",
            "an operator",
            "lte",
            signal_pct=60.0,
            is_metered=True,
            reached=now.utc,
            month_bytes=7_000_000,
            budget_bytes=500_000_000,
            next_on=now.utc + HOUR,
        ),
        LinkReset(now, LinkAct.RECONNECT, "no server has answered for 15 min"),
        LinkDay(now, f"{now.utc:%Y-%m-%d}", 5_000_000, 2_000_000, f"{now.boot_id} 3", 900, 400),
    ]


def read_all(store: Store, settings: Settings) -> list[Any]:
    """All that the status, the metrics and the service of the link ask of them."""
    now = store.clock.stamp()
    with_link = replace(settings, link=replace(settings.link, enabled=True))
    days = resume(store.rows(LinkDay, newest_first=True), now.boot_id)
    return [
        describe_link(store, with_link),
        list(collect_link(store, with_link)),
        [find_time_s(one, now) for one in store.rows(LinkReset)],
        days,
    ]
