"""Checks of the settings beyond types and ranges: what only the services know.

    findings = find_all(settings)     # of all packages
    refuse(settings, own_findings)    # at the start of a service: raises `SettingsError`

A package plugs in a pure function `check(settings) -> findings` as an entry point in the group
`appliance.settings_checks`; its service calls the same function at its start. So a check by
`unitctl settings --check` and the services know the same.

Reads: what the checks read (no device, no network). Writes: nothing.
Never: lets a check that fails pass for a check that found nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from appliance.errors import SettingsError
from appliance.process.plugins import list_plugins
from appliance.settings import Settings
from appliance.settings_file import format_place

GROUP = "appliance.settings_checks"


@dataclass(frozen=True, slots=True)
class SettingsFinding:
    """What is wrong with a setting. `where`: its sections and its key. A warning is no reason not
    to start.

    SettingsFinding(("charger", "main", "port"), "must be a serial device or tcp://HOST:PORT")
    """

    where: tuple[str, ...]
    text: str
    is_warning: bool = False

    def format(self, settings: Settings) -> str:
        """One sentence with file and line."""
        return f"{format_place(settings.path, self.where)}: {'.'.join(self.where)} {self.text}"


Check = Callable[[Settings], Iterable[SettingsFinding]]


def find_all(
    settings: Settings, plugins: Iterable[EntryPoint] | None = None
) -> list[SettingsFinding]:
    """The findings of all packages, errors first."""
    found: list[SettingsFinding] = []
    for plugin in list_plugins(GROUP) if plugins is None else plugins:
        found += run_plugin(plugin, settings)
    return sorted(found, key=lambda one: one.is_warning)


def run_plugin(plugin: EntryPoint, settings: Settings) -> list[SettingsFinding]:
    """One package's findings; a check that fails is a finding of its own."""
    try:
        check: Check = plugin.load()
        return list(check(settings))
    except Exception as error:  # noqa: BLE001  (others' code may fail in any way)
        text = (
            f"could not be checked by {plugin.value} ({type(error).__name__}: {error}): install "
            "the unit's software again"
        )
        return [SettingsFinding((plugin.name,), text, is_warning=True)]


def refuse(settings: Settings, findings: Iterable[SettingsFinding]) -> None:
    """Raise `SettingsError` with the errors among the findings, each in a line of its own."""
    errors = [one.format(settings) for one in findings if not one.is_warning]
    if errors:
        raise SettingsError("\n".join(errors))
