"""Settings of a DDI server: what cannot be meant, or would show a token, is refused."""

from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.settings_file import load_settings

MIRROR = '[update]\nmirrors = ["https://mirror.test/"]\n'
TOKEN = 'target_token_file = "/etc/appliance/ddi-token"'


def load(tmp_path: Path, text: str, *, update: str = MIRROR) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f"{update}[ddi]\n{text}\n")
    load_settings(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('url = "hawkbit.test"', "https://HOST"),
        ('url = "ftp://hawkbit.test"', "https://HOST"),
        ('url = "https://"', "https://HOST"),
        ('url = "https://ada:secret@hawkbit.test"', "https://HOST"),
        ('url = "https://hawkbit.test/?a=1"', "https://HOST"),
        ('url = "https://hawkbit.test:99999"', "https://HOST"),
        ('url = "https://hawkbit.test"\ntenant = "a/b"', "part of the address"),
        ('url = "https://hawkbit.test"\ntenant = ""', "part of the address"),
        (f'url = "http://hawkbit.test"\n{TOKEN}', "others could read the token"),
        (f'url = "http://10.0.0.9:8080"\n{TOKEN}', "others could read the token"),
        (f'url = "https://h.test"\n{TOKEN}\ngateway_token_file = "/a"', "shows one token"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        load(tmp_path, text)


def test_a_server_paces_releases_that_come_from_mirrors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="releases come from there"):
        load(tmp_path, 'url = "https://hawkbit.test"', update="")


@pytest.mark.parametrize(
    "text",
    [
        "",
        'tenant = ""',
        f'url = "https://hawkbit.test:8443/hawkbit"\n{TOKEN}',
        'url = "http://10.0.0.9:60053"',
        f'url = "http://127.0.0.1:60053"\n{TOKEN}',
        f'url = "http://[::1]:60053"\n{TOKEN}',
        f'url = "http://localhost:60053"\n{TOKEN}',
    ],
)
def test_what_can_be_meant_is_taken(tmp_path: Path, text: str) -> None:
    load(tmp_path, text)
