"""Gives the SIM its PIN: once for each change of the file that holds it, for 3 wrong ones lock it.

    trial = PinTrial(settings.link.pin_file, settings.unit.data_dir)
    trial.find_refusal(modem)           # "" where it may be given now
    trial.give(bus, modem)

Reads: the PIN's file. Writes: `link-pin.json` in the data directory, before the PIN is given: a
power cut in between counts as a wrong one.
Never: gives a PIN twice that was not accepted, the last but one try of a SIM, or stores a PIN.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from appliance.parsing.small_file import read_small_file
from appliance.store.durable_files import replace_file
from appliance.strict_json import InputError, parse_object
from appliance.wording.sentence import say
from sensors.link.bus import Bus
from sensors.link.errors import LinkError
from sensors.link.modem_manager import SIM_PIN, SIM_PUK, ModemFacts, send_pin

FILE, MODE = "link-pin.json", 0o640
PIN = re.compile(r"[0-9]{4,8}")
LEAST_RETRIES = 2  # one stays for a person
MOST_BYTES, MOST_MARK_BYTES = 64, 4096


@dataclass(frozen=True, slots=True)
class PinTrial:
    """`pin_file`: None where the settings name none."""

    pin_file: Path | None
    data_dir: Path

    def find_refusal(self, modem: ModemFacts, *, is_new: bool = False) -> str:
        """Why the PIN may not be given; "" where it may. `is_new`: another one will be written."""
        if modem.lock == SIM_PUK:
            return say(
                "the SIM asks for its PUK: three wrong PINs were given; unlock it in a telephone"
            )
        if modem.lock not in (SIM_PIN, None):
            return say("the SIM is locked otherwise than by its PIN: `mmcli -m any`")
        if self.pin_file is None:
            return say(
                "the SIM asks for its PIN: write it into a file and name that in [link] pin_file, "
                "or switch the PIN off in a telephone"
            )
        if modem.retries is not None and modem.retries < LEAST_RETRIES:
            return say(
                "the SIM takes its PIN only {retries} times more: it is not tried; unlock the SIM "
                "in a telephone",
                retries=modem.retries,
            )
        if not is_new and self._was_refused():
            return say(
                "the PIN in {path} was given once and not accepted: it is not tried again, since "
                "three wrong ones lock the SIM; write the right one into the file",
                path=self.pin_file,
            )
        return ""

    def give(self, bus: Bus, modem: ModemFacts) -> None:
        """Once. Raises `LinkError`."""
        assert self.pin_file is not None
        pin = self._read_pin(self.pin_file)
        mark = self._find_mark()
        try:
            replace_file(self._path, json.dumps({"tried": mark}).encode(), mode=MODE)
        except OSError as error:
            raise LinkError(
                say(
                    "the SIM's PIN is not given: that it was tried cannot be stored ({error})",
                    error=error.strerror or error,
                )
            ) from error
        send_pin(bus, modem.sim, pin)
        self._path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self.data_dir / FILE

    def _read_pin(self, path: Path) -> str:
        try:
            text = read_small_file(path, MOST_BYTES).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise LinkError(
                say("the SIM's PIN cannot be read from {path} ({error})", path=path, error=error)
            ) from error
        if not PIN.fullmatch(text):
            raise LinkError(
                say("{path} holds no PIN: four to eight digits in one line are meant", path=path)
            )
        return text

    def _find_mark(self) -> str:
        """Which writing of the file it is; nobody can tell the PIN from it."""
        assert self.pin_file is not None
        found = os.stat(self.pin_file)
        return f"{found.st_ino}-{found.st_mtime_ns}"

    def _was_refused(self) -> bool:
        """What cannot be read counts as tried: a SIM that is locked for good is dearer."""
        try:
            data = read_small_file(self._path, MOST_MARK_BYTES)
            tried = parse_object(data, most_bytes=MOST_MARK_BYTES).get("tried")
        except FileNotFoundError:
            return False
        except (OSError, InputError):
            return True
        try:
            return tried == self._find_mark()
        except OSError:
            return False
