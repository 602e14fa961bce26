"""Check: can somebody act on the page, and is the file of logins closed to everybody else?

Reads: access.db. Writes: nothing.
Never: tells who the accounts are.
"""

from appliance.access.accounts import find_pin, list_accounts
from appliance.access.database import AccessFile
from appliance.access.roles import Role
from appliance.checks import Finding
from appliance.clock import Clock, SystemClock
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.wording.counts import format_count

NAME = "access"
PIN_ADVICE = "sudo unitctl access pin set"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if not settings.unit.data_dir.exists():
        return Finding(NAME, f"there is no {settings.unit.data_dir}", ok=None)
    file = AccessFile(settings.access_file, SystemClock())
    if file.is_closed_to_us():
        return Finding(NAME, "only root and the page may read them: use sudo", ok=None)
    has_pin, found = find_pin(file) is not None, list_accounts(file)
    if not has_pin and not found:
        text = f"no PIN and no account is set, so nobody can act on the page (`{PIN_ADVICE}`)"
        return Finding(NAME, text, ok=None)
    technicians = [one for one in found if one.role >= Role.TECHNICIAN]
    pin = "a PIN is set" if has_pin else "no PIN is set: nobody can act at the touchscreen"
    accounts = format_count(len(found), "account")
    text = f"{pin}; {accounts}, {len(technicians)} of technicians"
    return Finding(NAME, text, PIN_ADVICE, ok=has_pin)
