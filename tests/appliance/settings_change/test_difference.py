"""What people note in the comments of a settings file, and how they mistype an address, shows no
password.
"""

import pytest

from appliance.settings_change.difference import compare
from appliance.settings_change.secrets import hide, is_secret

OLD = """[battery]
{noted}
capacity_wh = 384  # {noted}
"""


@pytest.mark.parametrize(
    "noted",
    [
        '# password = "hunter2"',
        "# the camera's Password: hunter2",
        "# admin:hunter2@10.0.0.1/1",
        '# source = "admin:hunter2@10.0.0.1/1"',
        "# rtsp://admin:hunter2@10.0.0.1/1",
        "# rtsp://10.0.0.1/user=admin_password=hunter2_channel=1",
        "# PIN 730hunter2",
        "# parola: hunter2",
        "# token hunter2",
        "# Authorization: Bearer hunter2",
        "# psk hunter2",
        "# the bot is 110201543:AAHdqTcvhunter2xfSeofSAs0K5PALDsaw",
        "# https://api.telegram.org/bot110201543:AAHdqTcvhunter2xfSeofSAs0K5PALDsaw/getMe",
        "# wireguard yAnzHhunter25OtChcLQ65rpHX6wnkpL2AGKlkGnTXU=",
        "# unit_SKKQhunter2nGl_bgrf60x667bZPAInalcax3Qby2ugVr8Uc",
    ],
)
def test_a_password_in_a_comment_is_not_shown(noted: str) -> None:
    old = OLD.format(noted=noted)
    found = compare(old, old.replace("384", "500"), name="unit.toml")
    assert "hunter2" not in found
    assert "+capacity_wh = 500" in found


@pytest.mark.parametrize(
    "noted",
    [
        "# as on its plate",
        "# mail: ada@example.org",
        "# spinning since 10:30",
        "# ------------------------------------",
        "# /dev/ttyUSB0, serial number 4711-0815",
    ],
)
def test_other_comments_are_shown(noted: str) -> None:
    old = OLD.format(noted=noted)
    assert noted in compare(old, old.replace("384", "500"), name="unit.toml")


def test_an_address_without_its_scheme_is_a_secret_as_well() -> None:
    assert hide("admin:hunter2@10.0.0.1/1") == "***@10.0.0.1/1"
    assert is_secret("rtsp:admin:hunter2@10.0.0.1/1")
    assert not is_secret("ada@example.org")


def test_a_comment_of_any_length_is_hidden_at_once() -> None:
    comment = "# " + "a-" * 20_000 + "://" * 20_000
    assert compare(f"{comment}\n", f"{comment}\nx = 1\n", name="unit.toml").startswith("---")
