"""What the server does each minute: rollouts go on, signatures are renewed, the tree is copied.

    lines = keep_up(Upkeep(fleet_directory, place, engine, secrets), now)

Reads: the fleet's directory and database. Writes: both, the copy of the tree, the list of revoked
certificates.
Never: stops serving because a person must sign something: that is told, each day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from ota.disk import Disk
from ota.files import replace
from ota.fleet.claims.authority import REVOKED, open_authority
from ota.fleet.database.tables import certificate
from ota.fleet.push.calling import Caller
from ota.fleet.registry.questions import reading
from ota.fleet.rollouts import go_on
from ota.release.fleet import Fleet, opened_fleet
from ota.release.keys.secrets_source import SecretsSource
from ota.release.metadata.bins import read_entries
from ota.release.metadata.reading import DIRECTOR, REPOSITORIES
from ota.release.periods import describe_alarms
from ota.release.publishing import publish
from ota.release.renewing import list_roles, renew_online

WAIT_S = 30.0  # for a command that holds the fleet
RENEW_EVERY = timedelta(hours=12)
LIST_EVERY = timedelta(days=1)


@dataclass(slots=True)
class Upkeep:
    """`place`: the copy of the tree that is served; `authority`: the directory of the fleet's own
    certificate authority. `caller`: sends hints where something new is there, None: nobody does.
    `renewed_at`: when signatures were looked at.
    """

    directory: Path
    place: Path
    authority: Path
    engine: Engine
    secrets: SecretsSource
    caller: Caller | None = None
    renewed_at: datetime | None = None
    revoked: frozenset[str] | None = None
    listed_at: datetime | None = None

    def keep_up(self, now: datetime) -> list[str]:
        """What was done, a line each. Raises `ApplianceError`, `OSError`, `SQLAlchemyError`."""
        with opened_fleet(self.directory, now, self.secrets, wait_s=WAIT_S) as fleet:
            lines = go_on(fleet, self.engine, self.place)
            lines += self._renew(fleet)
            if not is_copied(fleet, self.place):
                count = publish(fleet, self.place)
                lines.append(f"{self.place} has the tree; {count} files are new")
            if self.caller is not None:
                lines += self.caller.call(read_entries(fleet.read_state(DIRECTOR)), now)
        return lines

    def _renew(self, fleet: Fleet) -> Iterator[str]:
        if is_recent(self.renewed_at, fleet.now, RENEW_EVERY):
            return
        yield from renew_online(fleet)
        self.renewed_at = fleet.now
        roles = [role for name in REPOSITORIES for role in list_roles(fleet.read_state(name))]
        yield from describe_alarms(roles, fleet.now)

    def write_revoked(self, now: datetime) -> bool:
        """The list of revoked certificates, where it changed or is a day old; whether it was
        written, so that proxy and broker are to read it again.
        """
        numbers = read_revoked(self.engine)
        if numbers == self.revoked and is_recent(self.listed_at, now, LIST_EVERY):
            return False
        authority = open_authority(self.authority, now)
        data = authority.make_list((int(one, 16) for one in sorted(numbers)), now)
        replace(Disk(), self.authority / REVOKED, data)
        self.revoked, self.listed_at = numbers, now
        return True


def is_recent(at: datetime | None, now: datetime, span: timedelta) -> bool:
    """Whether it was less than `span` ago. What lies ahead was done by a clock that was wrong: a
    list of that time would be void until then, and nothing renewed.
    """
    return at is not None and timedelta() <= now - at < span


def is_copied(fleet: Fleet, place: Path) -> bool:
    """Whether the copy has the newest timestamps of both repositories."""
    for name in REPOSITORIES:
        path = Path(name, "metadata", "timestamp.json")
        try:
            if (place / path).read_bytes() != (fleet.tree / path).read_bytes():
                return False
        except FileNotFoundError:
            return False
    return True


def read_revoked(engine: Engine) -> frozenset[str]:
    """The numbers of revoked certificates, hex."""
    query = select(certificate.c.number).where(certificate.c.revoked_at.is_not(None))
    with reading(engine) as connection:
        return frozenset(connection.execute(query).scalars())
