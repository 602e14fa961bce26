"""The package on a Debian 13 that runs, without a network: installed, upgraded, broken, removed.

The tests are the life of one computer, in their order.
"""

from subprocess import CompletedProcess

from tests.real_pid1 import simulated
from tests.real_pid1.container import Container

APT = ("apt-get", "install", "--yes", "--no-install-recommends")
SETTINGS = "/etc/appliance/unit.toml"
EXAMPLE_NOTE = "nothing is started with it"
MADE = ("/opt/appliance", "/usr/local/bin/unitctl", "/etc/systemd/system/appliance.target")
KEPT = ("/etc/appliance/unit.toml", "/var/lib/appliance")

KILLED_IN_PIP = """
list() { for one in /proc/[0-9]*; do
    tr '\\0' ' ' <$one/cmdline 2>/dev/null | grep -q -e "$1" && echo ${one#/proc/}
done; }
dpkg -i /srv/2.0.deb & dpkg=$!
until [ -n "$(list ' pip install ')" ]; do :; done
kill -KILL $(list provisioning/install) $(list ' pip install ')
wait $dpkg
"""


def install(unit: Container, release: str) -> CompletedProcess[str]:
    """Standard input is empty: a question of dpkg would end it."""
    return unit.run(*APT, f"/srv/{release}.deb", check=False)


def read_status(unit: Container) -> str:
    return unit.ask("dpkg-query", "-W", "-f", "${Status} ${Version}", "appliance")


def is_running(unit: Container) -> bool:
    return unit.ask("systemctl", "is-active", "appliance-power.service") == "active"


def list_there(unit: Container, *paths: str) -> list[str]:
    return [path for path in paths if unit.path(path).exists() or unit.path(path).is_symlink()]


def test_apt_installs_it_with_all_it_needs_and_starts_nothing_with_an_example(
    container: Container,
) -> None:
    done = install(container, "1.0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert EXAMPLE_NOTE in done.stdout
    assert read_status(container) == "install ok installed 1.0"
    assert container.ask("systemctl", "is-active", "appliance.target") == "inactive"
    assert container.run("unitctl", "--version").returncode == 0


def test_nothing_of_it_is_a_conffile_and_all_its_files_are_whole(container: Container) -> None:
    assert container.ask("dpkg-query", "-W", "-f", "${Conffiles}", "appliance") == ""
    assert container.ask("dpkg", "--verify", "appliance") == ""


def test_with_settings_of_this_unit_dpkg_reconfigure_starts_it(container: Container) -> None:
    container.path(SETTINGS).write_text(simulated.format_settings(simulated.FULL_PCT))
    done = container.run("dpkg-reconfigure", "appliance", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    container.wait_for(lambda: is_running(container), 60, "the power service")


def test_an_upgrade_keeps_settings_and_drop_ins_asks_nothing_and_restarts_it(
    container: Container,
) -> None:
    before = container.path(SETTINGS).read_bytes()
    own = container.path("/etc/systemd/system/appliance-power.service.d/override.conf")
    own.write_text("[Service]\nEnvironment=OWN=1\n")
    done = install(container, "2.0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_status(container) == "install ok installed 2.0"
    assert container.path(SETTINGS).read_bytes() == before
    assert own.exists()
    container.wait_for(lambda: is_running(container), 60, "the power service")


def test_a_postinst_that_is_killed_is_completed_by_dpkg_configure(container: Container) -> None:
    container.run("rm", "-rf", "/opt/appliance/venv/lib/python3.13/site-packages/numpy")
    container.path("/srv/kill.sh").write_text(KILLED_IN_PIP)
    assert container.run("sh", "/srv/kill.sh", check=False).returncode != 0
    assert read_status(container) == "install ok half-configured 2.0"
    done = container.run("dpkg", "--configure", "-a", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_status(container) == "install ok installed 2.0"
    assert container.run("/opt/appliance/venv/bin/python", "-c", "import numpy").returncode == 0


def test_an_older_release_can_be_put_back(container: Container) -> None:
    done = container.run(*APT, "--allow-downgrades", "/srv/1.0.deb", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_status(container) == "install ok installed 1.0"


def test_a_removal_stops_the_unit_and_keeps_settings_data_and_drop_ins(
    container: Container,
) -> None:
    container.run("apt-get", "remove", "--yes", "appliance")
    assert list_there(container, *MADE) == []
    assert list_there(container, *KEPT) == list(KEPT)
    assert container.ask("systemctl", "list-units", "--no-legend", "--plain", "appliance*") == ""
    assert "appliance" not in container.ask("systemctl", "list-unit-files", "appliance*")
    assert list_there(container, "/etc/systemd/system/appliance-power.service.d/override.conf")
    failed = container.ask("systemctl", "--failed", "--no-legend", "--plain")
    assert "appliance" not in failed


def test_installed_again_it_runs_with_the_settings_of_before(container: Container) -> None:
    done = install(container, "2.0")
    assert done.returncode == 0, done.stdout + done.stderr
    container.wait_for(lambda: is_running(container), 60, "the power service")


def test_a_purge_removes_settings_and_data_and_can_be_repeated(container: Container) -> None:
    container.run("apt-get", "purge", "--yes", "appliance")
    assert list_there(container, *MADE, "/etc/appliance", *KEPT, "/var/lib/ota") == []
    assert read_status(container) in {"", "unknown ok not-installed"}
    container.run("dpkg", "--purge", "appliance")
