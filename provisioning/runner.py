"""supervisord as the laptop's stand-in for PID 1: starts, restarts and stops the unit's processes.

Reads and writes: a directory with its configuration, log and socket.
Never: decides what runs. It is given programs; the power service starts and stops them through the
`systemctl` stand-in (provisioning/systemctl.py), as on a unit.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import HostError
from provisioning import systemctl
from provisioning.run_directory import CONF, check_name

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0
UPDATES = "ota"  # the update directory, below the run's own
STANDARD_OUTPUT = Path("/dev/fd/1")
AUTORESTART = {
    "always": "true",
    "on-failure": "unexpected",
    "on-abnormal": "false",  # a signal: here the next timer comes soon
    "no": "false",
}
HEAD = """\
[supervisord]
nodaemon=true
silent=true
logfile={directory}/supervisord.log
pidfile={directory}/supervisord.pid
environment=PYTHONPATH="{app}/current:{app}/committed:{root}",PYTHONUNBUFFERED="1",PYTHONPYCACHEPREFIX="{directory}/bytecode"

[unix_http_server]
file={control}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
STAND_INS = "provisioning."
PROGRAM = """
[program:{name}]
command={command}
priority={priority}
autostart=false
autorestart={autorestart}
exitcodes=0
startsecs={startsecs}
startretries=1000000
stopwaitsecs=20
redirect_stderr=true
stdout_logfile={output}
stdout_logfile_maxbytes=0
{environment}"""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running; `restart` as in a unit file: always, on-failure, no. One that is
    `oneshot` may end as soon as it likes. `app`: the app layer that it runs, where that is not the
    one of all.
    """

    name: str
    command: list[str]
    restart: str
    stops_last: bool = False
    oneshot: bool = False
    app: Path | None = None


class Runner:
    """One supervisord with its programs."""

    def __init__(self, directory: Path, control: Path, programs: Iterable[Program]) -> None:
        self._directory = directory
        self._control = control
        self._process: subprocess.Popen[bytes] | None = None
        for path in (ROOT, directory, control, Path(sys.executable)):
            check_name(path)
        # As systemd/appliance-.service.d/06-layers.conf has it: a release's app before our own.
        app = directory / UPDATES / "pointers/app"
        paths = {"directory": directory, "control": control, "root": ROOT, "app": app}
        sections = [HEAD.format(**{name: escape(str(path)) for name, path in paths.items()})]
        self.output = choose_output(directory)
        output = escape(str(self.output))
        sections += [format_section(program, output) for program in programs]
        (directory / CONF).write_text("".join(sections))
        self._write_systemctl()

    def start(self) -> None:
        """Start supervisord, without any program yet."""
        conf = str(self._directory / CONF)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", conf]
        command = bind_to_parent(command, signal.SIGTERM)
        self._process = subprocess.Popen(command, cwd=self._directory, start_new_session=True)
        self.wait_for(self._control.exists, "the process runner")

    def start_programs(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                systemctl.send_order(self.remote, "start", name)
            except systemctl.UNREACHABLE as error:
                reason = error.faultString if isinstance(error, xmlrpc.client.Fault) else error
                raise HostError(
                    f"{name} cannot be started ({reason}); the logs are in {self._directory}"
                ) from error

    def stop_program(self, name: str) -> None:
        """Stop one and wait for its end, if supervisord runs."""
        if self.running:
            with contextlib.suppress(*systemctl.UNREACHABLE):
                self.remote.stopProcess(name, systemctl.WAIT)

    def stop(self) -> None:
        """Stop every process: SIGTERM, then SIGKILL."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    @property
    def running(self) -> bool:
        """Whether supervisord still runs: an order to power off ends it."""
        return self._process is not None and self._process.poll() is None

    def check_end(self) -> None:
        """Raises `HostError` where supervisord was killed; a power-off ends it too."""
        code = self._process.poll() if self._process else None
        if code is not None and code < 0:
            raise HostError(f"the process runner was killed by signal {-code}: the unit has ended")

    @property
    def remote(self) -> Any:
        """Supervisord's remote interface."""
        return systemctl.connect(str(self._control))

    def pids(self) -> dict[str, int]:
        """Program name -> pid, of those that run now."""
        return systemctl.find_pids(self.remote)

    def thaw(self) -> None:
        """Continue every process that the board has suspended: a frozen one handles no signal."""
        if self.running:
            with contextlib.suppress(*systemctl.UNREACHABLE):
                for pid in self.pids().values():
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(pid, signal.SIGCONT)

    def wait_for(self, ready: Callable[[], bool], what: str) -> None:
        """Wait until `ready`; raises `HostError` when it takes too long or the runner died."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not ready():
            if not self.running or time.monotonic() > deadline_s:
                raise HostError(f"{what} did not start; the logs are in {self._directory}")
            time.sleep(0.05)  # the runner stands outside the unit, on real time

    def _write_systemctl(self) -> None:
        shim = self._directory / "systemctl"
        words = shlex.join([sys.executable, "-m", "provisioning.systemctl", str(self._control)])
        path = shlex.quote(str(ROOT))
        shim.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {words} "$@"\n')
        shim.chmod(0o755)


def choose_output(directory: Path) -> Path:
    """Where the programs write: to the standard output, if it can be opened by its name (not that
    of another user, and not a socket); else into a file.
    """
    try:
        os.close(os.open(STANDARD_OUTPUT, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY))
    except OSError:
        return directory / "output.log"
    return STANDARD_OUTPUT


# A parent that was killed before the signal was asked for sends none: then nothing is started.
WITH_PARENT = 'grep -qs supervisord "/proc/$PPID/cmdline" && exec "$@"'


def bind_to_parent(command: list[str], number: signal.Signals) -> list[str]:
    """The command, ended by that signal when the process that started it is killed (prctl(2),
    PR_SET_PDEATHSIG). Where util-linux is missing, a killed runner leaves processes.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", number.name[3:], *command] if setpriv else command


def format_environment(program: Program) -> str:
    """The line of a program with an app layer of its own, and of one that stands in for the
    machine, which no release replaces; "" for all others.
    """
    if any(word.startswith(STAND_INS) for word in program.command):
        return f'environment=PYTHONPATH="{escape(str(ROOT))}"\n'
    if program.app is None:
        return ""
    return f'environment=PYTHONPATH="{escape(f"{program.app}:{ROOT}")}"\n'


def escape(text: str) -> str:
    """Text for supervisord's configuration, where % has a meaning."""
    return text.replace("%", "%%")


def format_section(program: Program, output: str) -> str:
    """One program as supervisord's configuration has it."""
    started = ["/bin/sh", "-c", WITH_PARENT, "-", *program.command]
    command = bind_to_parent(started, signal.SIGKILL)
    quoted = escape(shlex.join(command))
    autorestart = AUTORESTART[program.restart]
    priority = 1 if program.stops_last else 999  # the lowest is stopped last
    return PROGRAM.format(
        name=program.name,
        command=quoted,
        autorestart=autorestart,
        priority=priority,
        output=output,
        startsecs=0 if program.oneshot else 1,
        environment=format_environment(program),
    )
