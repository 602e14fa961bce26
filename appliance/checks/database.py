"""Check: is the database undamaged, and was a damaged one ever set aside?

Reads: the whole database (quick_check) and the names beside it. Writes: nothing.
Never: deletes or repairs; a damaged file is evidence.
"""

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.settings import Settings
from appliance.store.aside import list_set_aside
from appliance.store.log_owner import is_log_foreign
from appliance.store.store import Store
from appliance.store.whole_check import find_damage

NAME = "database"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    path = settings.database
    if not path.exists():
        return Finding(NAME, f"there is no {path}", "start the services: they create it", ok=False)
    if is_log_foreign(path):
        text = f"{path} was exchanged, and the log beside it is that of the one before"
        advice = "start the services: they set the log aside by name and use the file"
        return Finding(NAME, text, advice, ok=False)
    if found := find_damage(path):
        advice = "restart the services: they set it aside and begin a new one"
        return Finding(NAME, f"{path} is damaged: {found}", advice, ok=False)
    if store is None:
        return Finding(
            NAME, f"{path} cannot be opened", "check its owner and permissions", ok=False
        )
    text = f"undamaged, {path.stat().st_size / 1e6:.1f} MB"
    if aside := list_set_aside(path):
        named = ", ".join(one.name for one in aside)
        advice = f"copy it away from {path.parent}, have it examined, then delete it"
        return Finding(NAME, f"{text}; a damaged one was set aside: {named}", advice, ok=False)
    return Finding(NAME, text, ok=True)
