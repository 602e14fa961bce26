"""`unitctl access`, as root types it: secrets come from the terminal or standard input."""

import io
import os
import pty
import re
import select
import signal
import sys

import pytest

from appliance.access import door
from appliance.access.database import AccessFile
from appliance.access.door import RefusedError
from appliance.access.roles import Origin
from appliance.clock import SystemClock
from tests.appliance.commands.typed_unit import Unit

PASSWORD = "three words here"
LONGEST_S = 20.0


class Typed:
    """Standard input of a program."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        return False


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.commands.access_actions.find_user_name", lambda: "root-anna")


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Typed(text.encode(errors="surrogateescape")))


def open_file(unit: Unit) -> AccessFile:
    return AccessFile(unit.directory / "data/access/access.db", SystemClock())


def log_in(unit: Unit, password: str = PASSWORD) -> str:
    origin, source = Origin.NETWORK, "10.0.0.7"
    return door.log_in(
        open_file(unit), name="Anna", password=password, origin=origin, source=source
    )


def test_nothing_is_set_at_first_and_the_command_is_told(unit: Unit) -> None:
    code, out, _ = unit.type("access")
    assert code == 0
    assert "sudo unitctl access pin set" in out
    assert not (unit.directory / "data/access").exists()


def test_a_pin_is_set_and_removed(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "481516\n")
    assert unit.type("access", "pin", "set")[0] == 0
    assert door.log_in_by_pin(open_file(unit), "481516")
    assert unit.type("access", "pin", "remove")[0] == 0
    with pytest.raises(RefusedError, match="No PIN is set"):
        door.log_in_by_pin(open_file(unit), "481516")


@pytest.mark.parametrize("text", ["", "1234\n", "123456\n", "x" * 5000, "\udcff\udcff\n"])
def test_a_bad_pin_is_refused_in_one_line(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    give(monkeypatch, text)
    code, _, err = unit.type("access", "pin", "set")
    assert code == 2
    assert err.endswith("nothing was changed\n")
    assert err.count("\n") == 1


def test_an_account_is_added_changed_listed_and_removed(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, f"{PASSWORD}\n")
    assert unit.type("access", "account", "add", "Anna", "--role", "technician")[0] == 0
    assert log_in(unit)
    assert "Anna" in unit.type("access", "account", "list")[1]
    give(monkeypatch, "another three words\r\n")
    assert unit.type("access", "account", "password", "anna")[0] == 0
    assert log_in(unit, "another three words")
    assert unit.type("access", "account", "remove", "ANNA")[0] == 0
    with pytest.raises(RefusedError):
        log_in(unit, "another three words")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("account", "add", "a/b", "--role", "viewer"), "is no name"),
        (("account", "add", "otto", "--role", "king"), "invalid choice"),
        (("account", "add", "otto"), "--role"),
        (("account", "password", "otto"), "there is no account 'otto'"),
        (("account", "remove", "otto"), "there is no account 'otto'"),
        (("token", "remove", "ha"), "there is no token 'ha'"),
        (("pin", "show"), "is not an action of"),
        (("acts", "--limit", "0"), "no whole number"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: str
) -> None:
    give(monkeypatch, f"{PASSWORD}\n")
    code, _, err = unit.type("access", *words)
    assert code == 2
    assert told in err
    assert err.count("\n") == 1


def test_the_name_is_no_password(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "Technician\n")
    code, _, err = unit.type("access", "account", "add", "technician", "--role", "technician")
    assert (code, "the password is the name" in err) == (2, True)


def test_a_token_is_printed_once(unit: Unit) -> None:
    out = unit.type("access", "token", "add", "ha", "--role", "viewer")[1]
    token = out.splitlines()[0]
    assert token.startswith("unit_")
    assert token not in unit.type("access", "token", "list")[1]
    assert "already" in unit.type("access", "token", "add", "HA", "--role", "viewer")[2]


def test_wrong_tries_are_shown_and_forgotten(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, f"{PASSWORD}\n")
    unit.type("access", "account", "add", "Anna", "--role", "technician")
    for _ in range(6):
        with pytest.raises(RefusedError):
            log_in(unit, "wrong")
    assert "source 10.0.0.7" in unit.type("access", "show")[1]
    assert unit.type("access", "unlock")[0] == 0
    assert log_in(unit)


def test_what_root_does_is_recorded_without_any_secret(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, "481516\n")
    unit.type("access", "pin", "set")
    out = unit.type("access", "acts")[1]
    assert re.search(r"\d\d:\d\d:\d\d [+-]\d{4}", out), "the time's zone"
    assert "root-anna (unitctl): PIN set" in out
    (act,) = unit.json("access", "acts")
    assert (act["what"], act["outcome"], act["name"]) == ("PIN set", "done", "root-anna")
    assert "481516" not in str(act)


def test_a_damaged_file_is_told_and_mended(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "481516\n")
    unit.type("access", "pin", "set")
    open_file(unit).path.write_bytes(b"x" * 9000)
    code, _, err = unit.type("access")
    assert (code, "sudo unitctl access mend" in err) == (1, True)
    assert "Set aside as" in unit.type("access", "mend")[1]
    assert unit.type("access")[0] == 0


def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(unit: Unit) -> None:
    shown, code = type_at_terminal(unit, ["481516", "481516"])
    assert (code, "481516" in shown) == (0, False)
    assert door.log_in_by_pin(open_file(unit), "481516")
    shown, code = type_at_terminal(unit, ["162342", "162343"])
    assert code == 2
    assert "the two are not the same" in shown


def type_at_terminal(unit: Unit, lines: list[str]) -> tuple[str, int]:
    """What the terminal shows, and the exit code of `unitctl access pin set`."""
    words = [sys.executable, "-m", "appliance", "--settings", str(unit.settings)]
    child, terminal = pty.fork()
    if child == 0:
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        os.execv(sys.executable, [*words, "access", "pin", "set"])
    shown, left = b"", list(lines)
    while select.select([terminal], [], [], LONGEST_S)[0]:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if left and shown.rstrip().endswith((b"touchscreen:", b"again:")):
            os.write(terminal, f"{left.pop(0)}\n".encode())
            shown += b"<typed>"
    os.kill(child, signal.SIGKILL if left else 0)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(status)
