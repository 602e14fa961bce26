"""Which changes of a state are published at once, and which wait: so that a quiet unit is quiet.

    document = quiet.choose(topic, document, now_s)     # or the one that was published before

Reads and writes: nothing.
Never: lets anything wait for more than `WAIT_S`, or a change of what people act on at all: level,
mode, problem, who is there, counts.
"""

from collections.abc import Mapping
from typing import Any

WAIT_S = 900.0
LEAST_SHARE = 0.1  # of the value before: a smaller change of a power or current waits
LEAST_BY_UNIT = {"_w": 2.0, "_a": 0.5, "_v": 0.2, "charge_pct": 1.0, "sigma_pct": 3.0}
WAITS = ("_kwh", "reason", "reason_whole", "stream", "sentence", "release_summary")


class Quiet:
    """The states that were chosen last, by topic."""

    def __init__(self) -> None:
        self._chosen: dict[str, tuple[dict[str, Any], float]] = {}

    def choose(self, topic: str, document: dict[str, Any], now_s: float) -> dict[str, Any]:
        """The document to be published now."""
        before = self._chosen.get(topic)
        if before and 0 <= now_s - before[1] < WAIT_S and not is_news(before[0], document):
            return before[0]
        if before is None or before[0] != document:
            self._chosen[topic] = (document, now_s)
        return document


def is_news(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a change is published at once."""
    if before.keys() != after.keys():
        return True
    return any(is_value_news(key, before[key], after[key]) for key in after)


def is_value_news(key: str, before: Any, after: Any) -> bool:
    """The same of one value."""
    if before == after:
        return False
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return is_news(before, after)
    if before is None or after is None:
        return not key.startswith("reason")
    if key.endswith(WAITS):
        return False
    least = next((least for unit, least in LEAST_BY_UNIT.items() if key.endswith(unit)), None)
    if least is None or isinstance(before, str):
        return True
    share = LEAST_SHARE if key.endswith(("_w", "_a")) else 0.0
    return bool(abs(after - before) >= max(least, share * abs(before)))
