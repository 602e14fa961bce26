"""Runs a probe and reports its result, as text or as JSON.

Reads: serial lines, through power/probe/search.py. Writes: standard output, progress to standard
error.
Never: writes settings unless it was given a file for them.
"""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.commands.printing import BAD, DIM, GOOD, PLAIN, Line, Section, show, show_json
from appliance.errors import SettingsError
from power.probe import PortReport, Probe
from power.probe.ports import find_lasting_name, list_serial_ports
from power.probe.sections import (
    DeviceSection,
    add_sections,
    describe_device,
    make_printable,
    name_sections,
)
from power.protocol.line_place import get_no_device_advice
from power.protocol.ports import TCP, parse_tcp_address

WriteSections = Callable[[Path, Sequence[DeviceSection]], None]
MOST_UNKNOWN_REPLIES = 3  # lines about replies that no model explains


class Progress:
    """The present request: on a terminal one line that changes, into a pipe a line for each."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def write(self, text: str) -> None:
        if self._live:
            text = f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}"
        print(text, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def keep(self, text: str) -> None:
        """A line that stays."""
        self.end()
        print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def find_target(given: Path | None) -> Path:
    """The settings file to write to; raise `SettingsError` now rather than after the probe."""
    path = given or settings_file.find_settings_file()
    settings_file.load_settings(path)
    if not os.access(path.resolve().parent, os.W_OK):
        raise SettingsError(f"{path} may not be written by you; use sudo")
    return path


def run(
    ports: Sequence[str] | None,
    path: Path | None,
    as_json: bool,
    probe: Probe | None = None,
    write: WriteSections = add_sections,
) -> int:
    """Probe the ports (None: all that there are); the exit code. `path`: where to write."""
    progress = Progress()
    probe = probe or Probe(SystemClock())
    probe.on_question, probe.on_match = progress.write, progress.keep
    chosen = name_ports(ports)
    for port in chosen:
        if port.startswith(TCP):
            parse_tcp_address(port)
    reports = []
    try:
        for port in chosen:
            progress.write(
                f"{port}: at most {probe.estimate_longest_s(port):.0f} s where no device answers"
            )
            reports.append(probe.scan(port))
    finally:
        progress.end()
    found = name_sections([device for report in reports for device in report.devices])
    if path and found:
        write_and_show(path, found, reports, as_json, write)
    else:
        show_all(reports, found, as_json, None)
    return 0 if found else 1


def name_ports(ports: Sequence[str] | None) -> list[str]:
    """The ports to probe, each once and under its lasting name."""
    return list(dict.fromkeys(find_lasting_name(port) for port in ports or list_serial_ports()))


def write_and_show(
    path: Path,
    found: list[DeviceSection],
    reports: list[PortReport],
    as_json: bool,
    write: WriteSections,
) -> None:
    """Write, then show; where it cannot be written, show nevertheless and raise."""
    try:
        write(path, found)
    except SettingsError:
        show_all(reports, found, as_json, None)
        raise
    show_all(reports, found, as_json, path)


def show_all(
    reports: list[PortReport], found: list[DeviceSection], as_json: bool, path: Path | None
) -> None:
    """The result, for a program or for a person."""
    toml = "\n".join(entry.toml for entry in found)
    if as_json:
        ports = [describe_port(report, found) for report in reports]
        show_json({"ports": ports, "settings": toml, "written": str(path) if path else None})
        return
    if not reports:
        print(
            "there is no USB serial port: plug in the adapter's cable, or name a port with --port"
        )
    show([Section(report.port, format_lines(report, found)) for report in reports])
    if toml:
        print(f"\n{toml}")
    if path:
        print(f"written to {path}; `systemctl restart appliance-power` makes it count")
    elif toml:
        print("put this into the settings file, or use --write")


def format_lines(report: PortReport, found: list[DeviceSection]) -> list[Line]:
    """The result of one port."""
    result = [format_line(entry) for entry in found if entry.device in report.devices]
    if report.trouble:
        result.append(Line("!!", report.trouble, BAD))
    elif not result:
        advice = "" if report.unknown_replies else f"; {get_no_device_advice(report.port)}"
        result.append(Line("--", f"no known device answers ({report.took_s:.0f} s){advice}", DIM))
    unknown = [Line("??", make_printable(text), DIM) for text in report.unknown_replies]
    return result + unknown[:MOST_UNKNOWN_REPLIES]


def format_line(entry: DeviceSection) -> Line:
    """One found device."""
    best = entry.device.best
    text = f"id {best.device_id}, {best.mode}; {'; '.join(describe_device(entry.device))}"
    return Line(best.profile.name, text, GOOD if entry.device.certain else PLAIN)


def describe_port(report: PortReport, found: list[DeviceSection]) -> dict[str, Any]:
    """One port as JSON."""
    return {
        "port": report.port,
        "trouble": report.trouble or None,
        "took_s": round(report.took_s, 1),
        "strangers": [make_printable(text) for text in report.unknown_replies],
        "devices": [
            {
                "section": entry.section,
                "name": entry.name,
                "model": entry.device.best.profile.name,
                "title": entry.device.best.profile.title,
                "device_id": entry.device.best.device_id,
                "way": str(entry.device.best.mode),
                "certain": entry.device.certain,
                "says": make_printable(entry.device.best.identification.text),
                "may_also_be": [find.profile.name for find in entry.device.matches[1:]],
                "settings": entry.toml,
            }
            for entry in found
            if entry.device in report.devices
        ],
    }
