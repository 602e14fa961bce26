"""The TPM of a virtual computer: swtpm, beside QEMU.

Reads and writes: a directory, which is the TPM; swtpm.log and a socket beside it.
Never: forgets anything when the computer is switched off: who takes the directory has the TPM.
"""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from provisioning.image.tools import ImageError
from provisioning.runner import bind_to_parent

SWTPM = "swtpm"
PATIENCE_S = 20.0
BETWEEN_LOOKS_S = 0.05


class Tpm:
    """A TPM 2.0 that is started with its computer, and ends with it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._socket = directory.with_name("tpm-socket")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def options(self) -> list[str]:
        """QEMU's."""
        return [
            *("-chardev", f"socket,id=tpm-socket,path={self._socket}"),
            *("-tpmdev", "emulator,id=tpm,chardev=tpm-socket"),
            *("-device", "tpm-tis,tpmdev=tpm"),
        ]

    def start(self) -> None:
        """Raises `ImageError`."""
        if not shutil.which(SWTPM):
            raise ImageError("missing: swtpm (swtpm); run `apt install swtpm`")
        self.stop()
        self.directory.mkdir(exist_ok=True)
        state = ("--tpmstate", f"dir={self.directory}", "--terminate")
        command = [SWTPM, "socket", "--tpm2", *state, "--ctrl", f"type=unixio,path={self._socket}"]
        with self._socket.with_name("swtpm.log").open("wb") as log:
            self._process = subprocess.Popen(
                bind_to_parent(command, signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait(log=self._socket.with_name("swtpm.log"))

    def _wait(self, *, log: Path) -> None:
        assert self._process
        until = time.monotonic() + PATIENCE_S
        while not self._socket.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                said = log.read_text(errors="replace").strip()
                raise ImageError(f"the virtual TPM did not start: {said}")
            time.sleep(BETWEEN_LOOKS_S)

    def stop(self) -> None:
        """Where it has not ended with its computer."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
        self._process = None
        self._socket.unlink(missing_ok=True)

    def replace(self) -> None:
        """By one that knows nothing, as another mainboard has it."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
