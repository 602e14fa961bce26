"""What a hint is: its topics, and what one message says. Pure.

    find_unit_topic("a41f0c53d2be4c1f")      # "fleet/unit/a41f0c53d2be4c1f/hint"
    find_group_topic("north/slope")          # "fleet/group/north%2Fslope/hint"
    hint = parse_hint(payload)               # InputError where it is none

Reads and writes: nothing.
Never: lets a name open another topic: what means something to a broker is percent-encoded.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from appliance import strict_json

MOST_BYTES = 512
LARGEST_SERIAL = 2**53 - 1  # what every JSON reader keeps exactly
MOST_SPREAD_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Hint:
    """`serial`: milliseconds since 1970 when it was made, so a later one is larger. `spread_s`: of
    it each unit waits a part, chosen by chance, before it asks.
    """

    serial: int
    spread_s: float = 0.0

    def format(self) -> bytes:
        """The message."""
        at = datetime.fromtimestamp(self.serial // 1000, tz=UTC).isoformat()
        tree = {"serial": self.serial, "at": at, "spread_s": self.spread_s}
        return json.dumps(tree).encode()


def make_serial(now: datetime) -> int:
    return int(now.timestamp() * 1000)


def parse_hint(payload: bytes) -> Hint:
    """The message of a broker, whatever it is. Raises `InputError`."""
    tree = strict_json.parse_object(payload, most_bytes=MOST_BYTES)
    return Hint(
        strict_json.require_whole_number(tree.get("serial"), "serial", 1, LARGEST_SERIAL),
        strict_json.require_number(tree.get("spread_s", 0), "spread_s", 0, MOST_SPREAD_S),
    )


def find_unit_topic(serial: str) -> str:
    """`serial`: that of the box, the common name of its certificate."""
    return f"fleet/unit/{quote(serial, safe='')}/hint"


def find_group_topic(group: str) -> str:
    return f"fleet/group/{quote(group, safe='')}/hint"
