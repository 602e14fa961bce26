"""A root directory booted by systemd-nspawn: real PID 1, its own processes, network, no way out.

with Container(root).booted() as container:
    container.run("systemctl", "status")
"""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

BOOT_S, STOP_S, COMMAND_S = 60.0, 60.0, 300.0
BOOTED = ("running", "degraded")
REBOOTED = 133  # exit code of systemd-nspawn
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}
NSPAWN = (
    *("systemd-nspawn", "--quiet", "--boot", "--private-network"),
    *("--register=no", "--keep-unit", "--directory"),
)


class Container:
    """One root directory, to be booted again and again. `options`: more of systemd-nspawn's."""

    def __init__(self, root: Path, options: Sequence[str] = ()) -> None:
        self.root = root
        self._options = options
        self.console = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0

    @contextmanager
    def booted(self) -> Iterator["Container"]:
        self.boot()
        try:
            yield self
        finally:
            self.power_off()

    def boot(self) -> None:
        """Start, and wait until PID 1 has done all that a boot asks of it."""
        ours, theirs = pty.openpty()
        environment = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        self._process = subprocess.Popen(
            [*NSPAWN, self.root, *self._options],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=environment,
        )
        os.close(theirs)
        Thread(target=self._read_console, args=(ours,), daemon=True).start()
        self.wait_for(self._is_up, BOOT_S, "the end of the boot")

    def power_off(self) -> None:
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None

    def reboot(self) -> None:
        """As a technician does it; returns when the next boot is over."""
        assert self._process
        self.run("systemctl", "reboot")
        assert self._process.wait(STOP_S) in (0, REBOOTED), self.console.decode(errors="replace")
        self.boot()

    def run(
        self, *words: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside, as root."""
        inside = [f"{key}={value}" for key, value in {**ENVIRONMENT, **(env or {})}.items()]
        done = subprocess.run(
            [*self._enter(), "env", "-i", *inside, *words],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=COMMAND_S,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done

    def ask(self, *words: str) -> str:
        """What a program inside prints, whatever its exit code."""
        return self.run(*words, check=False).stdout.strip()

    def wait_for(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Ask again and again; PID 1 has its own pace."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"waited {seconds:.0f} s for {what}"
            time.sleep(0.3)

    def path(self, inside: str) -> Path:
        """A file inside, seen from outside; not below /run, /tmp, /dev and the like."""
        return self.root / inside.lstrip("/")

    def _enter(self) -> list[str]:
        namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")
        return ["nsenter", f"--target={self._leader}", *namespaces, "--"]

    def _find_leader(self) -> bool:
        """PID 1 of the container: nspawn's only child, after another one that prepares it."""
        assert self._process
        assert self._process.poll() is None, self.console.decode(errors="replace")
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._leader = int(children[0]) if children else 0
        return bool(children)

    def _is_up(self) -> bool:
        return self._find_leader() and self.ask("systemctl", "is-system-running") in BOOTED

    def _read_console(self, terminal: int) -> None:
        try:
            while read := os.read(terminal, 65536):
                self.console += read
        except OSError:
            pass
        finally:
            os.close(terminal)
