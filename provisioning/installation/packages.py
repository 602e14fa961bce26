"""Step 1: the packages of Debian or Ubuntu that the unit needs.

Reads: dpkg's list. Writes: packages, through apt-get.
Never: removes or upgrades a package.
"""

import os

from provisioning.installation.machine import InstallError, ask, run

PACKAGES = {
    "dbus": "orders to PID 1",
    "nginx": "https before the page",
    "libstdc++6": "compiled parts of Python packages (a small Ubuntu is without it)",
    "polkitd": "lets the power service give them",
    "python3-venv": "the program's own directory of Python packages",
    "systemd-sysv": "systemd as PID 1",
    "systemd-timesyncd": "confirms the clock",
    "tzdata": "the time zone of the site",
    "udev": "names of serial adapters, the clock that wakes the computer",
}
# Each does the work of systemd-timesyncd, and apt would remove it for that.
OTHER_TIME_SERVICES = ("chrony", "ntpsec", "openntpd")
APT = ("apt-get", "--yes", "--quiet", "--no-install-recommends", "install")


class Packages:
    """The packages of the distribution."""

    def list_differences(self) -> list[str]:
        return [f"package {name} is missing: {PACKAGES[name]}" for name in self._list_missing()]

    def apply(self) -> None:
        """Install them; the package lists are fetched where they are not here or too old."""
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        missing = self._list_missing()
        what = f"the packages {', '.join(missing)} cannot be installed"
        try:
            run(*APT, *missing, what=what)
        except InstallError:
            run("apt-get", "--quiet", "update", what=f"{what} without a network")
            run(*APT, *missing, what=what)

    def _list_missing(self) -> list[str]:
        missing = [name for name in PACKAGES if not is_installed(name)]
        if any(map(is_installed, OTHER_TIME_SERVICES)):
            return [name for name in missing if name != "systemd-timesyncd"]
        return missing


def is_installed(package: str) -> bool:
    return ask("dpkg-query", "-W", "-f", "${Status}", package) == "install ok installed"
