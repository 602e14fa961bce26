"""A display that exists in memory alone, with the touchscreen's programs on it.

    with Screen(directory, 800, 480, address) as screen:
        picture = screen.look()

sway, without a window of its own, stands for the display: cage cannot be told the size of one. Both
refuse to be root, so they run as `nobody` where the tests are root's.

Reads: the command of systemd/kiosk/appliance-kiosk.service. Writes: below its directory.
"""

import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.systemd.unit_text import UNITS
from tests.waiting import wait_until

PROGRAMS = ("cage", "chromium", "grim", "sway", "Xwayland")
NOBODY = "nobody"
DISPLAY = """xwayland disable
output HEADLESS-1 mode {width}x{height}
output HEADLESS-1 bg #ff00ff solid_color
default_border none
exec echo $WAYLAND_DISPLAY > {directory}/display
exec env WLR_BACKENDS=wayland {command} > {directory}/cage.log 2>&1
"""
LOOK_S, LIMIT_S = 20.0, 90.0


def list_missing() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name) is None]


def read_command(address: str, profile: Path) -> str:
    """Of the unit file, with another address and another place for the browser's files."""
    text = (UNITS / "kiosk/appliance-kiosk.service").read_text().replace("\\\n", " ")
    (browser,) = re.findall(r'^Environment="BROWSER=(.*)"$', text, re.MULTILINE)
    (line,) = re.findall(r"^ExecStart=.*(/usr/bin/cage .*)$", text, re.MULTILINE)
    words = line.replace("$BROWSER", browser).split()
    own = [word for word in words[:-1] if not word.startswith("--user-data-dir")]
    return shlex.join([*own, f"--user-data-dir={profile}", "--disable-gpu", address])


class Screen:
    """One display; `directory` is made anew, and is that of the user who draws."""

    def __init__(self, directory: Path, width: int, height: int, address: str) -> None:
        self._directory = directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        command = read_command(address, directory / "profile")
        (directory / "sway.conf").write_text(
            DISPLAY.format(width=width, height=height, directory=directory, command=command)
        )
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = self._run("sway", "-c", str(self._directory / "sway.conf"))
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        assert self._process is not None
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)

    def look(self) -> NDArray[np.uint8]:
        """What is on it now, as height x width x 3."""
        picture = self._directory / "picture.png"
        picture.unlink(missing_ok=True)
        display = self._directory / "display"
        wait_until(lambda: display.exists() and bool(display.read_text()), "the display", LIMIT_S)
        looking = self._run("grim", str(picture), display=display.read_text().strip())
        looking.wait(LOOK_S)
        found = cv2.imread(str(picture))
        assert found is not None, self.read_log()
        return np.asarray(found, np.uint8)

    def read_log(self) -> str:
        log = self._directory / "cage.log"
        return log.read_text()[-2000:] if log.exists() else ""

    def _run(self, *words: str, display: str = "") -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._directory),
            "XDG_RUNTIME_DIR": str(self._directory),
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
        }
        if display:
            environment["WAYLAND_DISPLAY"] = display
        return subprocess.Popen(
            [*self._as_nobody(), *words],
            env=environment,
            cwd=self._directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _as_nobody(self) -> list[str]:
        """Words before a command, and what is in the directory handed over."""
        if os.geteuid() != 0:
            return []
        user = pwd.getpwnam(NOBODY)
        for path in (self._directory, *self._directory.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
