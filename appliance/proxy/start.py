"""The TLS proxy: `python -m appliance.proxy.start --settings FILE`; this process becomes nginx.

On the sockets that PID 1 passes (appliance-proxy.socket), else on `[web] https_port`. It has the
right neither to open a port nor to read the settings, and needs neither: where the settings cannot
be read, the places are the usual ones.

Reads: the settings where it may, the version of nginx. Writes: nginx's configuration.
Never: runs without a certificate, or does anything once nginx has begun.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from appliance import log, settings_file
from appliance.errors import ApplianceError, SettingsError
from appliance.process import notify
from appliance.process.service import find_exit_code, make_parser
from appliance.proxy.errors import ProxyError
from appliance.proxy.nginx import Proxy, format_proxy
from appliance.proxy.prepared import USED
from appliance.sections.network import WebSettings
from appliance.store.durable_files import write_file

NAME = "proxy"
PROGRAM = PACKAGE = "nginx"
PLACES = "/usr/sbin:/usr/bin:/sbin:/usr/local/sbin"
SECURE_PORTS = (443, 8443)  # of the sockets that are passed; all others are plain
CONFIGURATION = "nginx.conf"
INHERITED = "NGINX"  # the variable in which nginx looks for descriptors of open sockets


def main() -> None:
    """Exit codes as for every service, until nginx has begun."""
    asked = make_parser(NAME, takes_instance=False).parse_args()
    own = log.setup(NAME)
    try:
        web = read_web(asked.settings)
        passed = [socket.socket(fileno=one) for one in notify.take_passed_sockets()]
        program = find_program()
        proxy = make_proxy(web, passed, read_version(program))
        configuration = write_configuration(proxy)
    except ApplianceError as error:
        own.warning(str(error), error.message_id, fault=error.code)
        sys.exit(find_exit_code(error))
    sentence = f"https at {', '.join(one.split()[0] for one in proxy.secure)}"
    notify.Notifier().set_status(sentence)
    own.info(sentence)
    log.flush()
    become_nginx(program, configuration, passed)


def read_web(path: Path | None) -> WebSettings:
    """[web] of the settings; the usual one where they may not be read, or are wrong."""
    path = path or settings_file.find_settings_file()
    try:
        return settings_file.load_settings(path).web
    except (SettingsError, OSError):
        return WebSettings()


def find_program() -> str:
    found = shutil.which(PROGRAM, path=PLACES)
    if found is None:
        raise ProxyError(f"{PROGRAM} is missing, so there is no https: apt install {PACKAGE}")
    return found


def read_version(program: str) -> tuple[int, ...]:
    """Of nginx, such as (1, 26, 3); () where it does not say."""
    done = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)
    found = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", done.stderr)
    return tuple(map(int, found.groups())) if found else ()


def make_proxy(web: WebSettings, passed: list[socket.socket], version: tuple[int, ...]) -> Proxy:
    """Raises `ProxyError` where there is no certificate, or nothing to listen on."""
    if not (web.tls_dir / USED).exists():
        raise ProxyError(
            f"there is no certificate in {web.tls_dir}: appliance-certificate.service makes one; "
            "`systemctl status appliance-certificate.service` says why it has not"
        )
    if not passed and not web.https_port:
        raise ProxyError(
            "PID 1 has passed no socket, and `https_port` under [web] in the settings names none"
        )
    # One of IPv6 takes IPv4, too: nginx must describe it as it is, or would open one itself.
    listen = [(one.getsockname()[1], describe_socket(one)) for one in passed]
    ports = (*SECURE_PORTS, web.https_port)
    secure = tuple(text for port, text in listen if port in ports)
    return Proxy(
        run=web.page_socket.parent,
        tls=web.tls_dir,
        page=web.page_socket,
        secure=secure or (f"127.0.0.1:{web.https_port}",),
        plain=tuple(text for port, text in listen if port not in ports),
        version=version,
        is_root=os.geteuid() == 0,
    )


def describe_socket(one: socket.socket) -> str:
    """As `listen` of nginx has it."""
    host, port = one.getsockname()[:2]
    if one.family != socket.AF_INET6:
        return f"{host}:{port}"
    only = one.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    return f"[{host}]:{port} ipv6only={'on' if only else 'off'}"


def write_configuration(proxy: Proxy) -> Path:
    """In nginx's own directory, which a reboot empties."""
    path = proxy.run / CONFIGURATION
    try:
        write_file(path, [format_proxy(proxy).encode()])
    except OSError as error:
        raise ProxyError(
            f"{path} cannot be written: {error.strerror}; `systemd-tmpfiles --create` makes its "
            "directory"
        ) from error
    return path


def become_nginx(program: str, configuration: Path, passed: list[socket.socket]) -> NoReturn:
    """Never returns: the process is nginx from here on."""
    for one in passed:
        one.settimeout(0)  # nginx does it only with those that it opens itself
        one.set_inheritable(True)
    numbers = "".join(f"{one.detach()};" for one in passed)
    environment = {"PATH": PLACES} | ({INHERITED: numbers} if numbers else {})
    words = [PROGRAM, "-p", str(configuration.parent), "-c", str(configuration), "-e", "stderr"]
    os.execve(program, words, environment)  # noqa: S606  (no shell is wanted)


if __name__ == "__main__":
    main()
