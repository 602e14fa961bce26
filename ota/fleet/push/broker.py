"""A mosquitto for the fleet's hints: its configuration, its certificates, news while it runs.

    place = BrokerPlace(directory, authority, names=("fleet.example.org",))
    place.prepare(now)                   # mosquitto -c DIRECTORY/mosquitto.conf
    if place.refresh(engine, now):       # who entered, moved or was revoked: files that changed
        tell(process_id)                 # SIGHUP

Reads: the tables `unit` and `certificate`. Writes: its directory, each file in one step.
Never: makes a certificate anew that still holds, or ends a broker.
"""

import os
import shutil
import signal
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine

from ota.disk import Disk
from ota.files import replace
from ota.fleet.claims.authority import OWNER_ONLY, Authority, format_certificate, format_key
from ota.fleet.errors import FleetError
from ota.fleet.push.access import PUBLISHER, format_access, list_readers, list_void
from ota.fleet.registry.questions import reading

CONFIGURATION, ACCESS, REVOKED = "mosquitto.conf", "access.txt", "revoked.crl.pem"
AUTHORITY = "authority.pem"
SERVER, SERVER_KEY = "server.pem", "server-key.pem"
OWN, OWN_KEY = "push.pem", "push-key.pem"
RENEW_BEFORE = timedelta(days=90)
LIST_BEFORE = timedelta(days=20)  # a list that has expired locks all units out
USUAL_USER = "mosquitto"  # of Debian's package
MOST_BYTES = 64_000_000
SETTINGS = """# Made by `fleet broker`; changes are overwritten.
{user}listener {port}{host}
cafile {place}/authority.pem
certfile {place}/server.pem
keyfile {place}/server-key.pem
crlfile {place}/revoked.crl.pem
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {place}/access.txt
# Hints survive a restart; after a crash those of the last minute are lost.
persistence true
persistence_location {place}/
autosave_interval 60
max_packet_size 4096
max_queued_messages 20
connection_messages false
log_dest stderr
log_type error
log_type warning
"""


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """`names`: those by which units know the broker. `host`: where it listens, "" everywhere.
    `user`: the account that it runs as where root starts it, "" for its own (mosquitto).
    """

    directory: Path
    authority: Authority
    names: tuple[str, ...]
    port: int = 8883
    host: str = ""
    user: str = ""

    def prepare(self, now: datetime) -> None:
        """Configuration and certificates, where they are missing or end soon. Raises `OSError`,
        `FleetError`.
        """
        place = self.directory.absolute()
        if any(c.isspace() for c in str(place)):
            raise FleetError(f"{place} has a space in it, which mosquitto does not take")
        Disk().make_directory(place)
        host = f" {self.host}" if self.host else ""
        user = f"user {self.user}\n" if self.user else ""
        text = SETTINGS.format(user=user, port=self.port, host=host, place=place)
        self._put(CONFIGURATION, text.encode())
        self._put(AUTHORITY, format_certificate(self.authority.certificate).encode())
        self._issue(SERVER, SERVER_KEY, self.names, now)
        self._issue(OWN, OWN_KEY, (), now)
        if not (place / ACCESS).exists():
            self._put(ACCESS, format_access(()).encode())
        if not (place / REVOKED).exists():
            self._put(REVOKED, self.authority.make_list((), now))

    def refresh(self, engine: Engine, now: datetime) -> bool:
        """What units may read, and what is void, as the database has it; whether a file changed.
        Raises `OSError`.
        """
        with reading(engine) as connection:
            readers, void = list_readers(connection), list_void(connection)
        changed = self._put(ACCESS, format_access(readers).encode())
        if self._holds_list(void, now):
            return changed
        return self._put(REVOKED, self.authority.make_list(void, now)) or changed

    def _holds_list(self, void: Collection[int], now: datetime) -> bool:
        with suppress(OSError, ValueError):
            there = x509.load_pem_x509_crl((self.directory / REVOKED).read_bytes())
            ends = there.next_update_utc
            numbers = sorted(one.serial_number for one in there)
            signed = there.is_signature_valid(self.authority.key.public_key())
            return signed and numbers == list(void) and bool(ends and now < ends - LIST_BEFORE)
        return False

    def _issue(self, name: str, key_name: str, names: tuple[str, ...], now: datetime) -> None:
        """A certificate with its key; `names`: of a server, none: of the publisher."""
        if self._holds_certificate(name, key_name, now):
            return
        key = ec.generate_private_key(ec.SECP256R1())
        if names:
            made = self.authority.issue_server(names, key.public_key(), now)
        else:
            made = self.authority.issue(PUBLISHER, key.public_key(), now)
        self._write(key_name, format_key(key), mode=OWNER_ONLY)
        self._write(name, format_certificate(made).encode())

    def _holds_certificate(self, name: str, key_name: str, now: datetime) -> bool:
        """Whether it is of this authority, fits its key, and does not end soon."""
        with suppress(OSError, ValueError):
            there = x509.load_pem_x509_certificate((self.directory / name).read_bytes())
            key = serialization.load_pem_private_key(
                (self.directory / key_name).read_bytes(), password=None
            )
            fits = key.public_key() == there.public_key()
            is_ours = there.issuer == self.authority.certificate.subject
            return fits and is_ours and now < there.not_valid_after_utc - RENEW_BEFORE
        return False

    def _put(self, name: str, data: bytes) -> bool:
        """Whether the file was another one before."""
        path = self.directory / name
        with suppress(OSError):
            if Disk().read(path, most_bytes=MOST_BYTES) == data:
                return False
        self._write(name, data)
        return True

    def _write(self, name: str, data: bytes, *, mode: int = 0o644) -> None:
        """Where root writes it, it belongs to whom the broker runs as: it is read again later."""
        path = self.directory / name
        replace(Disk(), path, data, mode=mode)
        if os.geteuid() == 0:
            with suppress(LookupError):
                shutil.chown(path, self.user or USUAL_USER)


def tell(process_id: int) -> None:
    """Have the broker read its access file and its list of void certificates anew. Connections
    stay; what a unit may no more read does not come any more.
    """
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGHUP)
