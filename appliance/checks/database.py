"""Check: is the database sound, and was one ever set aside?

Reads: the whole database (quick_check) and the names beside it. Writes: nothing.
Never: deletes or repairs; a damaged file is evidence.
"""

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.settings import Settings
from appliance.store.prepare import SIDE_FILES, damage
from appliance.store.store import Store

NAME = "database"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    path = settings.database
    if not path.exists():
        return Finding(NAME, False, f"there is no {path}", "start the services: they create it")
    if found := damage(path):
        advice = "restart the services: they set it aside and begin a new one"
        return Finding(NAME, False, f"{path} is damaged: {found}", advice)
    if store is None:
        return Finding(NAME, False, f"{path} cannot be opened", "check its owner and permissions")
    text = f"sound, {path.stat().st_size / 1e6:.1f} MB"
    aside = sorted(file.name for file in path.parent.glob(f"{path.name}.damaged-*"))
    if aside:
        named = ", ".join(name for name in aside if not name.endswith(SIDE_FILES[1:]))
        advice = f"copy it away from {path.parent}, have it looked at, then delete it"
        return Finding(NAME, False, f"{text}; a damaged one was set aside: {named}", advice)
    return Finding(NAME, True, text)
