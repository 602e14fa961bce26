"""What keeps `fleet serve` up, without its processes: wrong clocks, a database that is away."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from ota.fleet.claims.authority import Authority
from ota.fleet.database.opening import open_database
from ota.fleet.errors import FleetError
from ota.fleet.serve import serving
from ota.fleet.serve.serving import alone, listening_on, refuse_odd, watch
from ota.fleet.serve.upkeep import Upkeep, is_recent
from ota.release.keys.secrets_source import SecretsSource
from tests.stand_ins.fleet_unit import BEGIN


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    yield engine
    engine.dispose()


class Stop:
    """Ends a loop after so many looks; no time passes."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def wait(self, _limit_s: float) -> bool:
        self.left -= 1
        return self.left < 0


class Broken(Upkeep):
    """Its database is away."""

    tries = 0

    def keep_up(self, now: datetime) -> NoReturn:
        type(self).tries += 1
        raise OSError(28, "No space left on device", "fleet.json")

    def write_revoked(self, now: datetime) -> NoReturn:
        raise OperationalError("SELECT", {}, Exception("connection refused"))


def test_a_full_disk_and_a_database_that_is_away_do_not_end_the_server(
    tmp_path: Path, own: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    upkeep = Broken(tmp_path, tmp_path / "www", tmp_path / "ca", own, SecretsSource({}))
    watch(upkeep, None, [], Stop(int(3 * serving.MINUTE_S)))  # type: ignore[arg-type]
    assert upkeep.tries == 3
    said = capsys.readouterr().err
    assert said.count("No space left on device") == 3
    assert said.count("connection refused") == 3


def test_a_clock_that_was_ahead_leaves_no_list_of_the_future(
    tmp_path: Path, own: Engine, authority: Authority
) -> None:
    upkeep = Upkeep(tmp_path, tmp_path / "www", tmp_path / "ca", own, SecretsSource({}))
    assert upkeep.write_revoked(BEGIN + timedelta(days=365))
    assert upkeep.write_revoked(BEGIN)
    assert not upkeep.write_revoked(BEGIN + timedelta(hours=1))
    assert upkeep.write_revoked(BEGIN + timedelta(days=1))


def test_what_lies_ahead_is_not_recent() -> None:
    hour = timedelta(hours=1)
    assert not is_recent(None, BEGIN, hour)
    assert is_recent(BEGIN, BEGIN, hour)
    assert not is_recent(BEGIN + hour, BEGIN, hour)
    assert not is_recent(BEGIN, BEGIN + hour, hour)


def test_a_directory_is_served_once(tmp_path: Path) -> None:
    with (
        alone(tmp_path),
        pytest.raises(FleetError, match="served already, by process"),
        alone(tmp_path),
    ):
        pass
    with alone(tmp_path):
        pass


@pytest.mark.parametrize("name", ["my fleet", "a;b", "$HOME", 'a"b', "a:b"])
def test_a_directory_that_nginx_cannot_name_is_refused(name: str) -> None:
    with pytest.raises(FleetError, match="nginx reads otherwise"):
        refuse_odd(Path("/srv") / name)
    refuse_odd(Path("/srv/fleet-2_b.c"))


def test_a_port_of_the_page_that_is_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(FleetError, match=f"port {port}.*--page-port"),
            listening_on(Flask("page"), port),
        ):
            pass
