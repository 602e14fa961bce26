"""What the root of an image loses at the end: rights that nobody needs, and what lies idle.

Reads: the root. Changes: modes; removes files; takes debugging symbols out of Python's packages.
Never: takes away what a service or a technician uses.
"""

import shutil
import stat
from pathlib import Path

from provisioning.image.tools import Chroot

SETUID = ("usr/bin/sudo",)  # nobody has a password: su, passwd, mount and the others are for root
MODES = {
    "etc/sudoers.d": 0o750,
    "etc/sudoers.d/50-technician": 0o440,
    "etc/ssh/sshd_config": 0o600,
}
PURGED = ("python3-venv", "python3.*-venv", "python3-pip-whl", "python3-setuptools-whl")
# Python's own installer, other packages' tests, jobs of a cron that is not there, a list of
# hardware of which udev has a compiled copy.
IDLE = (
    "opt/appliance/venv/bin/pip*",
    "opt/appliance/venv/lib/*/site-packages/pip",
    "opt/appliance/venv/lib/*/site-packages/pip-*",
    "opt/appliance/venv/lib/*/site-packages/numpy/**/tests",
    "opt/appliance/venv/lib/*/site-packages/onnx/backend/test",
    "opt/appliance/venv/lib/*/site-packages/onnx/test",
    "opt/appliance/venv/lib/*/site-packages/onnxruntime/tools",
    "opt/appliance/venv/lib/*/site-packages/sunspec2/tests",
    "etc/cron.*",
    "usr/lib/udev/hwdb.d",
)
# Not those in *.libs: what auditwheel has moved does not always bear it.
STRIP = (
    'find "/$1/opt/appliance/venv" -name "*.so" ! -path "*.libs/*" -type f -print0 '
    "| xargs -0 -r -n32 strip --strip-debug"
)


def close(chroot: Chroot, tools: Chroot) -> None:
    purge(chroot)
    remove_idle(chroot.root)
    tools.run("sh", "-ec", STRIP, "sh", chroot.root.name, bind=[chroot.root])
    close_modes(chroot.root)


def purge(chroot: Chroot) -> None:
    """What made the directory of Python's packages."""
    listed = chroot.run("dpkg-query", "-W", "-f", "${Package}\n", *PURGED).split()
    chroot.run("dpkg", "--purge", *listed)


def remove_idle(root: Path) -> None:
    for pattern in IDLE:
        for path in sorted(root.glob(pattern)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def close_modes(root: Path) -> None:
    """No program gives its caller another one's rights, but those of SETUID."""
    kept = {root / name for name in SETUID}
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID) and path not in kept:
            path.chmod(stat.S_IMODE(mode) & 0o1777)
    for name, mode in MODES.items():
        (root / name).chmod(mode)
