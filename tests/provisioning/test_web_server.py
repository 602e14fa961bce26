"""The web server that the package nginx starts by itself: switched off where nobody uses it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.installation import web_server
from provisioning.installation.web_server import WebServer

GREETING = "server { listen 80 default_server; root /var/www/html; }\n"


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """As the package leaves it."""
    for name in ("sites-enabled", "sites-available", "conf.d"):
        (tmp_path / name).mkdir()
    (tmp_path / "sites-available/default").write_text(GREETING)
    (tmp_path / "sites-enabled/default").symlink_to(tmp_path / "sites-available/default")
    return tmp_path


@pytest.fixture
def orders(etc: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What is ordered; dpkg and systemd answer as on a computer with the package."""
    heard: list[tuple[str, ...]] = []
    digest = hashlib.md5(GREETING.encode(), usedforsecurity=False).hexdigest()
    said = {"dpkg-query": f" {etc}/sites-available/default {digest}", "systemctl": "enabled"}

    def ask(*words: str | Path) -> str:
        if words[0] == "md5sum":
            data = Path(words[1]).read_bytes()
            return f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}  {words[1]}"
        return said[str(words[0])]

    def run(*words: str | Path, what: str) -> str:
        heard.append(tuple(map(str, words)))
        return what

    monkeypatch.setattr(web_server, "ask", ask)
    monkeypatch.setattr(web_server, "run", run)
    return heard


def test_one_with_nothing_but_the_greeting_is_switched_off(
    etc: Path, orders: list[tuple[str, ...]]
) -> None:
    step = WebServer(etc)
    assert "greeting" in step.list_differences()[0]
    step.apply()
    assert orders[0][:2] == ("systemctl", "disable")


def use_site(etc: Path) -> None:
    (etc / "sites-enabled/shop").write_text("server {}")


def use_directory(etc: Path) -> None:
    (etc / "conf.d/shop.conf").write_text("server {}")


def change_greeting(etc: Path) -> None:
    (etc / "sites-available/default").write_text("server { listen 80; root /srv/shop; }")


def own_greeting(etc: Path) -> None:
    (etc / "sites-enabled/default").unlink()
    (etc / "sites-enabled/default").write_text(GREETING)


@pytest.mark.parametrize("use", [use_site, use_directory, change_greeting, own_greeting])
@pytest.mark.usefixtures("orders")
def test_one_that_somebody_uses_is_left_alone(etc: Path, use: Callable[[Path], None]) -> None:
    use(etc)
    assert WebServer(etc).list_differences() == []


@pytest.mark.usefixtures("orders")
def test_where_there_is_none_nothing_is_done(tmp_path: Path) -> None:
    assert WebServer(tmp_path / "nothing").list_differences() == []
