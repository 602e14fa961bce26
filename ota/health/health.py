"""Runs the checks of a trial, and compares with what worked before it.

    health = TrialHealth(settings, store, ...)
    baseline = health.measure()                      # before the trial
    health.judge(baseline, began)                    # "" where all that worked works

Reads: what each check reads. Writes: nothing.
Never: counts what did not work before, or what the energy level has switched off since.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import StoreError
from appliance.model import Stamp
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.wording.sentence import as_sentence, join_sentences, say
from ota.health import checks
from ota.health.sight import Items, Sight

DATABASE = "database"


@dataclass(frozen=True, slots=True)
class TrialHealth:
    """`app`: where the app layer in use is, while one is on trial."""

    settings: Settings
    store: Store
    app: Path

    def measure(self) -> Mapping[str, Any]:
        """What works now and what does not: item -> "" or what is wrong."""
        return {"items": self._look(None)}

    def judge(self, baseline: Mapping[str, Any], began: Stamp) -> str:
        """What worked at `baseline` and does not since `began`; "" where all of it does."""
        before: Mapping[str, str] = baseline.get("items", {})
        now = self._look(began)
        worked = [name for name, wrong in before.items() if not wrong]
        failed = [tell_failed(name, now[name]) for name in worked if now.get(name)]
        if now.get(DATABASE) and not before.get(DATABASE):
            failed = [tell_failed(DATABASE, now[DATABASE])]
        return say("not as before: {failed}", failed=join_sentences(", ", failed)) if failed else ""

    def _look(self, since: Stamp | None) -> Items:
        app = self.app if since is not None and self.app.is_dir() else None
        sight = Sight(self.settings, self.store, since, app)
        try:
            self.store.check_readable()
            return run_all_checks(sight)
        except StoreError as error:
            return {DATABASE: str(error)}


def run_all_checks(sight: Sight) -> Items:
    """The items of all checks."""
    found: Items = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(checks.__path__)):
        found |= importlib.import_module(f"{checks.__name__}.{module}").look(sight)
    return found


def tell_failed(name: str, wrong: str) -> str:
    """One item that worked before."""
    return say("{name} ({wrong})", name=as_sentence(name), wrong=wrong)
