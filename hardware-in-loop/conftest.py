"""Options that name the devices on the bench."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--charger-port", help="serial device or tcp://HOST:PORT of a real controller")
    parser.addoption("--charger-model", default="epever-tracer", help="its profile")


@pytest.fixture
def charger_port(request: pytest.FixtureRequest) -> str:
    port: str | None = request.config.getoption("--charger-port")
    if port is None:
        pytest.skip("needs a charge controller: give --charger-port")
    return port
