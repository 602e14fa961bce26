"""The tables of the fleet. A step in migrations/versions/ belongs to each change here.

Reads and writes: nothing; only says what the tables are.
Never: holds a private key, or a token that still opens something (only its hash).
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC, which SQLite keeps without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SHA256 = String(64)  # hex
metadata = MetaData(naming_convention=NAMING)

# One row a unit: who it is, and its newest report. What it did not tell is null.
unit = Table(
    "unit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("fleet_group", String(80), nullable=False),
    Column("serial", String(80), nullable=False),
    Column("key_sha256", SHA256, nullable=False, unique=True),
    Column("public_key", Text, nullable=False),  # PEM
    Column("entered_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("revoked_reason", Text),
    # Whether two boxes seem to have this identity; "" where not.
    Column("doubt", Text, nullable=False, server_default=""),
    # The newest report: when it was made (the unit's clock) and came (ours), and its hash.
    Column("reported_at", UtcTime),
    Column("received_at", UtcTime),
    Column("report_sha256", SHA256),
    Column("report_number", BigInteger, nullable=False, server_default="0"),
    Column("report", Text),
    Column("running_release", String(80), nullable=False, server_default=""),
    Column("step", String(20), nullable=False, server_default=""),
    Column("release", String(80), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("waits_for", String(40), nullable=False, server_default=""),
    Column("failed_releases", Text, nullable=False, server_default="[]"),  # JSON
    Column("expected_at", UtcTime),
    Column("level", String(20)),
    Column("charge_pct", Float),
    Column("autonomy_days", Float),
    Column("sun_week_kwh", Float),
    Column("latitude_deg", Float),
    Column("longitude_deg", Float),
    Column("fault_count", Integer, nullable=False, server_default="0"),
    Index(None, "fleet_group", "name"),
    Index(None, "received_at"),
    Index(None, "running_release"),
)

# The open faults of each unit's newest report.
fault = Table(
    "fault",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("unit_id", ForeignKey("unit.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("code", String(80), nullable=False, index=True),
    Column("source", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
)

# Hashes of the last reports of each unit, by which a replay is told from a clone.
report = Table(
    "report",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("unit_id", ForeignKey("unit.id", ondelete="CASCADE"), nullable=False),
    Column("sha256", SHA256, nullable=False),
    Column("reported_at", UtcTime, nullable=False),
    Index(None, "unit_id", "sha256", unique=True),
)

# What was refused: one row for each unit (as the sender calls it) and reason; old ones are removed.
refusal = Table(
    "refusal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("unit_name", String(80), nullable=False),
    Column("reason_code", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("address", String(64), nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Index(None, "unit_name", "reason_code", unique=True),
)

# One-time tokens: whoever has one, and the box with that serial, enters the fleet with it.
claim = Table(
    "claim",
    metadata,
    Column("token_sha256", SHA256, primary_key=True),
    Column("serial", String(80), nullable=False),
    Column("unit_name", String(80), nullable=False),
    Column("fleet_group", String(80), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("replaces", Boolean, nullable=False),  # may take the place of the unit of that name
    Column("used_at", UtcTime),
    Column("used_key_sha256", SHA256),
)

# Client certificates that were issued: those of units that left are in the list of revoked ones.
certificate = Table(
    "certificate",
    metadata,
    Column("number", String(48), primary_key=True),  # hex
    Column("unit_id", ForeignKey("unit.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

# What the rollout worker last did: shown beside the signed rollouts.
rollout = Table(
    "rollout",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("definition", Text, nullable=False),  # JSON, a copy of what is signed
    Column("counts", Text, nullable=False),  # JSON
    Column("at", UtcTime, nullable=False),
)
