"""Options that name the devices on the bench."""

import pytest

DEVICES = {"charger": "epever-tracer", "bms": "jk-pb"}


def pytest_addoption(parser: pytest.Parser) -> None:
    for kind, model in DEVICES.items():
        parser.addoption(
            f"--{kind}-port", help=f"serial device or tcp://HOST:PORT of a real {kind}"
        )
        parser.addoption(f"--{kind}-model", default=model, help="see `unitctl power models`")
        parser.addoption(f"--{kind}-id", type=int, help="Modbus id, if it is not the usual one")
    parser.addoption(
        "--gpu-limit-w", type=float, help="power limit (W) to give every GPU for the time of a test"
    )


def require_port(request: pytest.FixtureRequest, kind: str) -> str:
    port: str | None = request.config.getoption(f"--{kind}-port")
    if port is None:
        pytest.skip(f"needs a {kind}: give --{kind}-port")
    return port


@pytest.fixture
def charger_port(request: pytest.FixtureRequest) -> str:
    return require_port(request, "charger")


@pytest.fixture
def bms_port(request: pytest.FixtureRequest) -> str:
    return require_port(request, "bms")
