"""Step 1b: the web server that the package nginx starts, where nobody uses it: it has port 80.

Reads: /etc/nginx, what PID 1 says. Writes: orders to PID 1.
Never: stops a web server that shows anything but the greeting of the distribution.
"""

from pathlib import Path

from provisioning.installation.machine import ask, is_booted, run

SERVICE = "nginx.service"
ETC = Path("/etc/nginx")
GREETING = ("sites-enabled", "default")
OTHERS = ("sites-enabled", "conf.d", "streams-enabled")


class WebServer:
    """The service of the package; the unit's own proxy is a process of its own."""

    def __init__(self, etc: Path = ETC) -> None:
        self._etc = etc

    def list_differences(self) -> list[str]:
        if (
            not shows_greeting_alone(self._etc)
            or ask("systemctl", "is-enabled", SERVICE) != "enabled"
        ):
            return []
        return [f"{SERVICE} shows nothing but the greeting of the distribution, and has port 80"]

    def apply(self) -> None:
        now = ["--now"] if is_booted() else []
        run("systemctl", "disable", *now, SERVICE, what=f"{SERVICE} cannot be disabled")
        if is_booted():  # where another program had port 80 it could not start
            ask("systemctl", "reset-failed", SERVICE)


def shows_greeting_alone(etc: Path) -> bool:
    """Whether its only site is the one that the package has brought."""
    sites = [path for name in OTHERS if (etc / name).is_dir() for path in (etc / name).iterdir()]
    default = etc.joinpath(*GREETING)
    if sites != [default] or not default.is_symlink():
        return False
    return is_as_packaged(default.resolve())


def is_as_packaged(path: Path) -> bool:
    """Whether nobody has changed a configuration file; dpkg knows its digest."""
    known = ask("dpkg-query", "-W", "-f", "${Conffiles}\\n", "nginx-common").splitlines()
    digests = [
        words[1] for line in known if len(words := line.split()) > 1 and words[0] == str(path)
    ]
    found = ask("md5sum", path).split()
    return bool(found) and found[0] in digests
