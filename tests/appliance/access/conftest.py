"""Hashes that take no time."""

import pytest
from werkzeug.security import generate_password_hash

from appliance.access import passwords

QUICK = "scrypt:256:8:1"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "METHOD", QUICK)
    monkeypatch.setattr(passwords, "NOBODYS", generate_password_hash("x", QUICK))
