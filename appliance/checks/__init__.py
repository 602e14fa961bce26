"""The health checks of `unitctl doctor`: one file each, found by listing this folder.

    with open_reader(settings, clock) as store:
        findings = run_all_checks(settings, store, clock)

Reads: what each check reads. Writes: nothing.
Never: repairs, and never stops at the first finding. A check is
`check(settings, store, clock) -> Finding`; `store` is None where the database cannot be opened.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from appliance.clock import Clock
from appliance.errors import ApplianceError, StoreError
from appliance.settings import Settings
from appliance.store.store import Store

NO_DATABASE = "the database cannot be opened, so nothing is known"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `ok` None: it does not apply here. `advice`: what to do if not ok.

    Finding("disk", "1 GB free", "delete what does not belong to the appliance", ok=False)
    """

    name: str
    text: str
    advice: str = ""
    ok: bool | None = field(kw_only=True)


def run_all_checks(settings: Settings, store: Store | None, clock: Clock) -> list[Finding]:
    """The findings of all checks, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [run_check(name, settings, store, clock) for name in names]


def run_check(name: str, settings: Settings, store: Store | None, clock: Clock) -> Finding:
    """One check's finding; an error that it raised becomes one."""
    module = importlib.import_module(f"{__name__}.{name}")
    try:
        finding: Finding = module.check(settings, store, clock)
    except (ApplianceError, OSError) as error:
        return Finding(name.replace("_", " "), str(error), ok=False)
    return finding


@contextmanager
def open_reader(settings: Settings, clock: Clock) -> Iterator[Store | None]:
    """The database as a reader, or None where it cannot be opened."""
    try:
        store = Store(settings.database, clock)
    except StoreError:
        yield None
        return
    try:
        yield store
    finally:
        store.close()
