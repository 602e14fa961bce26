"""Claim and clock of the set-up with a clock in 1970, before a real `fleet serve` over TLS."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from ota.fleet.claims.tokens import Wanted, make_token
from ota.reporting.file_names import CERTIFICATE
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.engine import Engine
from provisioning.commissioning.step import Status
from provisioning.commissioning.steps.claim import ClaimStep
from provisioning.commissioning.steps.clock import ClockStep
from provisioning.commissioning.steps.identity import IdentityStep
from provisioning.commissioning.time_service import connect_time
from provisioning.commissioning.unit import Unit
from tests.ota.fleet.test_serve import Served, pytestmark, served
from tests.provisioning.commissioning.fakes import make_unit
from tests.provisioning.commissioning.test_clock import UNSET, SetClock
from tests.stand_ins.modem_manager import needs_modem_manager
from tests.stand_ins.time_daemon import TimeDaemon, run_time_daemon

__all__ = ["pytestmark", "served"]
SERIAL = "box-1970"
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[TimeDaemon]:
    with run_time_daemon(tmp_path, NTP=False) as found:
        yield found


@pytest.fixture
def unit(tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> Unit:
    monkeypatch.setenv("TPM2OPENSSL_TCTI", f"device:{tmp_path}/no-tpm")
    fleet = f'[fleet]\nserver = "{served.address}"\nca_file = "{served.authority}"\n'
    made = make_unit(tmp_path, text=f'[update]\ndir = "ota"\n{fleet}')
    text = made.settings_path.read_text().replace('name = "box"', f'name = "box"\nid = "{SERIAL}"')
    made.settings_path.write_text(text)
    return replace(made, clock=SetClock(UNSET))


@needs_modem_manager
def test_a_claim_waits_for_the_clock_and_goes_on_from_there(
    unit: Unit, served: Served, daemon: TimeDaemon
) -> None:
    now = datetime.now(UTC)
    clock = ClockStep(connect=partial(connect_time, daemon.address), find_modem_time=lambda: None)
    token = make_token(served.engine, Wanted("hut-12", "hills", SERIAL), now)
    claim = {"claim": Answers("claim", {"token": token})}
    steps = (IdentityStep(), clock, ClaimStep())

    with Engine(unit, steps, claim) as engine:
        first = {one.step.name: one.outcome for one in engine.walk()}
    assert first["identity"].status is Status.DONE
    assert first["clock"].status is Status.NEEDS_ANSWER
    assert first["claim"].status is Status.BLOCKED
    assert "set it with `unitctl provision clock` first" in str(first["claim"].reason)
    assert not (unit.settings().update.dir / CERTIFICATE).exists()
    assert unit.settings().unit.name == "box"

    given = claim | {"clock": Answers("clock", {"utc": now.isoformat()})}
    with Engine(unit, steps, given) as engine:
        engine.take(clock)
    (set_time, _) = daemon.read_calls()
    set_at = BEGIN + timedelta(microseconds=int(set_time.split()[1]))
    assert abs(set_at - now) < timedelta(seconds=1)

    with Engine(replace(unit, clock=SetClock(set_at)), steps, claim) as engine:
        last = {one.step.name: one.outcome for one in engine.walk()}
    assert last["clock"].status is Status.DONE
    assert last["claim"].status is Status.DONE, last["claim"].reason
    assert (unit.settings().update.dir / CERTIFICATE).exists()
    assert unit.settings().unit.name == "hut-12"
