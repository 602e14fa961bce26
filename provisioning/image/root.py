"""The root of the system: Debian's packages, our files, the program, and nothing that differs by
where or when it was built.

Reads: packages/, files/, the release's sources, wheels. Writes: one directory.
Never: leaves a key, an id, a log or a list of the mirror in it.
"""

import gzip
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from provisioning.image.accounts import HOOK, require_known
from provisioning.image.closed import close
from provisioning.image.modules import leave_out_modules
from provisioning.image.tools import DEBSTRAP, SUITE, Chroot, run

HERE = Path(__file__).parent
SOURCES = HERE.parents[1]
OPTIONAL_SETS = ("kiosk", "verity", "tpm")  # each with packages/NAME.txt, and what is in sets/NAME
IN_ROOT = Path("root/release")
LEFT_OUT = (".git", ".venv", "build", "tests", "__pycache__", ".*_cache", "*.egg-info")
EXCLUDED = ("man/*", "locale/*", "info/*", "lintian/*", "doc/*")
ENABLED = (
    "appliance.target",
    "appliance-provision-site.service",
    "appliance-proxy-usual.socket",
    "image-host-keys.service",
    "image-keep-settings.path",
    "image-keep-settings.service",
    "image-provision.service",
    "image-setup-code.service",
    "image-rearm.service",
    "image-trial-end.timer",
    "nftables.service",
)
# What would write to the root, decide on a trial before the updater does, or take port 80.
MASKED = (
    "nginx.service",
    "systemd-bless-boot.service",
    "systemd-firstboot.service",
    "systemd-binfmt.service",
    "sshd-keygen.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
)
OLD_LISTS = 'Acquire::Check-Valid-Until "false"'  # of a snapshot: they are meant to be old
EMPTIED = ("var/cache", "var/lib/apt", "var/log", "var/tmp", "var/backups", "tmp", "run", "root")
FORGOTTEN = (
    "etc/ssh/ssh_host_*",
    "etc/*-",
    "etc/.pwd.lock",
    "etc/resolv.conf",
    "var/lib/systemd/random-seed",
    "var/lib/dpkg/*-old",
    "var/lib/dpkg/lock*",
)
DPKG = Path("usr/lib/sysimage/dpkg")
FACTORY = Path("usr/share/factory/var")
GZIP = b"\x1f\x8b"
# Modes as git keeps them, whatever the umask was with which these files were checked out.
COPY = (
    "tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -C {} -cf - . | "
    'tar -C "$1" -xpf -'
)
COMPILE = ("-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash")


@dataclass(frozen=True, slots=True)
class RootPlan:
    """What goes into a root. `epoch`: no file is newer than that, in seconds since 1970.
    `keyring`: the certificate of the bundles that it takes.
    """

    release: str
    epoch: int
    mirrors: tuple[str, ...]
    wheels: Path
    keyring: Path
    package_sets: tuple[str, ...] = ("base",)

    @property
    def environment(self) -> dict[str, str]:
        return {"SOURCE_DATE_EPOCH": str(self.epoch), "PYTHONDONTWRITEBYTECODE": "1"}


def list_packages(package_set: str) -> list[str]:
    """The first word of each line of packages/NAME.txt."""
    lines = (HERE / f"packages/{package_set}.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if line and not line.startswith("#")]


def make_root(directory: Path, plan: RootPlan, tools: Chroot) -> Chroot:
    """Make it anew."""
    shutil.rmtree(directory, ignore_errors=True)
    unpack_debian(directory, plan)
    chroot = Chroot(directory)
    install_program(chroot, plan)
    configure(chroot, plan)
    leave_out_modules(directory, plan.package_sets)
    unpack_modules(chroot, tools)
    make_boot_files(chroot, plan)
    close(chroot, tools)
    compile_program(chroot)
    forget(directory)
    return chroot


def unpack_debian(directory: Path, plan: RootPlan) -> None:
    packages = [one for name in plan.package_sets for one in list_packages(name)]
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{one}" for one in EXCLUDED]
    ours = [HERE / "files", *(HERE / "sets" / name / "files" for name in plan.package_sets[1:])]
    copy = "; ".join(COPY.format(one) for one in ours if one.is_dir())
    snapshot = any("snapshot" in one for one in plan.mirrors)
    old_lists = [f"--aptopt={OLD_LISTS}"] if snapshot else []
    run(
        *(*DEBSTRAP, "--quiet", "--variant=minbase", f"--include={','.join(packages)}"),
        *(*left_out, "--dpkgopt=path-include=/usr/share/doc/*/copyright"),
        *("--dpkgopt=force-confold", f"--essential-hook={copy}", f"--essential-hook={HOOK}"),
        *old_lists,
        *(SUITE, directory),
        *plan.mirrors,
        environment={**os.environ, **plan.environment},
    )


def install_program(chroot: Chroot, plan: RootPlan) -> None:
    """As a technician installs it, from wheels."""
    sources = chroot.root / IN_ROOT
    left_out = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(SOURCES, sources, ignore=left_out, symlinks=True)
    command = ("/root/release/provisioning/install", "--wheels", f"/{plan.wheels.name}")
    chroot.run(*command, bind=[plan.wheels], environment=plan.environment)
    (chroot.root / plan.wheels.name).rmdir()
    (chroot.root / "etc/appliance/unit.toml").unlink()  # an example's: nobody's


def configure(chroot: Chroot, plan: RootPlan) -> None:
    root = chroot.root
    chroot.run("systemd-sysusers")
    require_known(root)
    chroot.run("systemctl", "enable", *ENABLED)
    chroot.run("systemctl", "mask", *MASKED)
    chroot.run("systemctl", "set-default", "multi-user.target")
    (root / "etc/rauc/keyring.pem").write_bytes(plan.keyring.read_bytes())
    with (root / "usr/lib/os-release").open("a") as file:
        file.write(f"IMAGE_ID=neural-energy-unit\nIMAGE_VERSION={plan.release}\n")
    (root / "etc/hostname").write_text("unit\n")
    (root / "efi").mkdir(exist_ok=True)
    for name in plan.package_sets:
        add_set(chroot, HERE / "sets" / name)


def add_set(chroot: Chroot, directory: Path) -> None:
    """What an optional set has besides packages and files: words of the command line, units."""
    words = directory / "cmdline"
    if words.exists():
        cmdline = chroot.root / "etc/kernel/cmdline"
        cmdline.write_text(f"{cmdline.read_text().strip()} {words.read_text()}")
    found = sorted(directory.glob("files/etc/systemd/system/*.service"))
    units = [path.name for path in found if not path.is_symlink()]  # one to /dev/null: masked
    if units:
        chroot.run("systemctl", "enable", *units)


def unpack_modules(chroot: Chroot, tools: Chroot) -> None:
    """Without compression: differences between releases are made of what is inside."""
    unpack = 'find "/$1/usr/lib/modules" -name "*.ko.xz" -print0 | xargs -0 -r -P2 -n64 xz -d'
    tools.run("sh", "-ec", unpack, "sh", chroot.root.name, bind=[chroot.root])
    for kernel in (chroot.root / "usr/lib/modules").iterdir():
        chroot.run("depmod", kernel.name)


def make_boot_files(chroot: Chroot, plan: RootPlan) -> None:
    """The initial RAM disk, and the two names by which a slot's boot files are found."""
    chroot.run("update-initramfs", "-c", "-k", "all", environment=plan.environment)
    for initrd in (chroot.root / "boot").glob("initrd.img-*"):
        unpack_initrd(initrd)
    for name in ("vmlinuz", "initrd.img"):
        (found,) = (chroot.root / "boot").glob(f"{name}-*")
        (chroot.root / f"{name}.old").unlink(missing_ok=True)
        link = chroot.root / name
        link.unlink(missing_ok=True)
        link.symlink_to(f"boot/{found.name}")


def unpack_initrd(initrd: Path) -> None:
    """Differences between releases are made of what is inside; initramfs-tools always packs it."""
    data = initrd.read_bytes()
    if data.startswith(GZIP):
        initrd.write_bytes(gzip.decompress(data))


def compile_program(chroot: Chroot) -> None:
    """Bytecode in which there is no time, and that is not compared: the root is read-only."""
    (library,) = (chroot.root / "usr/lib").glob("python3.*")
    places = ("/opt/appliance/venv/lib", "/usr/lib/python3", f"/usr/lib/{library.name}")
    old = ("find", *places, "-name", "*.pyc", "-delete")
    chroot.run(*old)
    chroot.run("/usr/bin/python3", *COMPILE, *places)


def forget(root: Path) -> None:
    """What a build leaves; and /var becomes what the data partition begins with."""
    for pattern in FORGOTTEN:
        for path in root.glob(pattern):
            path.unlink()
    for name in EMPTIED:
        empty(root / name)
    (root / "etc/resolv.conf").symlink_to("/run/NetworkManager/resolv.conf")
    (root / "etc/machine-id").write_text("")
    shutil.rmtree(root / DPKG, ignore_errors=True)
    (root / DPKG).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(root / "var/lib/dpkg", root / DPKG)
    shutil.rmtree(root / FACTORY, ignore_errors=True)
    (root / FACTORY.parent).mkdir(parents=True, exist_ok=True)
    run("cp", "-a", root / "var", root / FACTORY)
    empty(root / "var")


def empty(directory: Path) -> None:
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
