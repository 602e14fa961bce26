"""Who asks, from where, and what he may do.

Reads and writes: nothing; pure.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum


class Role(IntEnum):
    """What somebody may do; a higher one may all that a lower one may."""

    NOBODY = 0  # not even look
    VIEWER = 1
    TECHNICIAN = 2

    @property
    def word(self) -> str:
        return self.name.lower()


class Origin(Enum):
    """Which way a request has come."""

    TOUCHSCREEN = "touchscreen"  # this computer's own loopback
    NETWORK = "network"  # through the TLS proxy
    PLAIN = "plain"  # TCP from another machine, without TLS
    COMMAND = "unitctl"  # no request: the command line of this computer


GIVEN_ROLES = {role.word: role for role in (Role.VIEWER, Role.TECHNICIAN)}


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `name`: an account, `PIN_NAME`, "token NAME"; "" for somebody unknown. `source`:
    the address that the request comes from, as far as it is known.
    """

    name: str
    role: Role
    origin: Origin
    source: str = ""

    @property
    def title(self) -> str:
        """For a sentence."""
        return self.name or "somebody unknown"

    @property
    def can_act(self) -> bool:
        return self.role >= Role.TECHNICIAN
