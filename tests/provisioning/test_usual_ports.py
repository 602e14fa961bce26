"""Ports 80 and 443: taken where nothing else listens there."""

from pathlib import Path

import pytest

from provisioning.installation import usual_ports
from provisioning.installation.usual_ports import UsualPorts, list_listening

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
LINE = "   0: {address}:{port:04X} {peer} {state} 00000000:00000000 00:00000000 00000000     0\n"


def format_line(port: int, state: str = "0A", address: str = "00000000") -> str:
    peer = f"{address}:0000" if state == "0A" else f"{address}:1F90"
    return LINE.format(address=address, port=port, peer=peer, state=state)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(usual_ports, "is_booted", lambda: True)
    monkeypatch.setattr(usual_ports, "ask", lambda *_: "disabled")
    return tmp_path / "tcp"


@pytest.mark.parametrize("address", ["00000000", "0100007F", "0" * 32])
def test_a_port_that_another_program_has_is_left_to_it(table: Path, address: str) -> None:
    table.write_text(HEAD + format_line(22) + format_line(80, address=address))
    assert list_listening((table,)) == {22, 80}
    assert UsualPorts((table,)).list_differences() == []


def test_free_ports_are_taken_also_where_this_computer_asks_such_a_port(table: Path) -> None:
    table.write_text(HEAD + format_line(22) + format_line(443, state="01"))
    assert "is not enabled" in UsualPorts((table,)).list_differences()[0]


def test_once_enabled_nothing_differs(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table.write_text(HEAD)
    monkeypatch.setattr(usual_ports, "ask", lambda *_: "enabled")
    assert UsualPorts((table, table.with_name("none"))).list_differences() == []
