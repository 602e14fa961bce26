"""A D-Bus of its own for a test: the real dbus-daemon, with a socket in a directory of the test."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DAEMON = shutil.which("dbus-daemon")
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


@contextmanager
def run_bus(directory: Path) -> Iterator[str]:
    """Its address, while it runs."""
    assert DAEMON is not None
    socket, file = directory / "bus", directory / "bus.conf"
    file.write_text(CONFIGURATION.format(socket=socket))
    words = (DAEMON, f"--config-file={file}", "--nofork", "--nosyslog", "--print-address=1")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as daemon:
        try:
            assert daemon.stdout is not None
            assert daemon.stdout.readline().startswith("unix:")
            yield f"unix:path={socket}"
        finally:
            daemon.terminate()
