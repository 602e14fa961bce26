"""Which part of Apprise an address needs: only that is imported, and not all 190.

    plugin = open_plugin("ntfys://HOST/TOPIC", "phone")

Reads: the code of Apprise. Writes: nothing.
Never: opens what acts on this computer alone, such as its desktop, or repeats an address.
"""

from importlib import import_module
from typing import Any

from apprise.exception import AppriseException
from apprise.plugins.base import NotifyBase

from appliance.alarms.channels.addresses import find_scheme
from appliance.alarms.channels.errors import ChannelRefusedError
from appliance.wording.sentence import say

# Those whose module has another name than the scheme without an "s" at its end.
MODULES = {
    "form": "custom_form",
    "gchat": "google_chat",
    "hassio": "home_assistant",
    "json": "custom_json",
    "mailto": "email",
    "mmost": "mattermost",
    "nctalk": "nextcloudtalk",
    "pbul": "pushbullet",
    "pover": "pushover",
    "rocket": "rocketchat",
    "signal": "signal_api",
    "tgram": "telegram",
    "wxteams": "webexteams",
    "xml": "custom_xml",
}


def open_plugin(address: str, channel: str) -> Any:
    """The sender for an address. Raises `ChannelRefusedError`."""
    scheme = find_scheme(address, channel)
    found = import_plugin(scheme) or find_in_all(scheme)
    if found is None:
        raise ChannelRefusedError(
            say(
                "{channel}: Apprise knows no kind `{scheme}://`: check the address file",
                channel=channel,
                scheme=scheme,
            )
        )
    try:
        parts = found.parse_url(address)
        plugin = None if parts is None else found(**parts)
    except (AppriseException, TypeError, ValueError, KeyError):
        plugin = None
    if plugin is None:
        raise ChannelRefusedError(
            say(
                "{channel}: the address is no whole `{scheme}://`: a part of it is missing or "
                "wrong, or a sign in a password is not written as %XX; check the address file",
                channel=channel,
                scheme=scheme,
            )
        )
    if "redirect=" not in address:
        # A network that wants a login leads all to its page, which says 200: that is not sent.
        plugin.redirects = False
    return plugin


def import_plugin(scheme: str) -> Any | None:
    """By the module's name; None where it has another one."""
    plain = scheme.removesuffix("s")
    for name in (MODULES.get(scheme) or MODULES.get(plain) or plain, scheme):
        try:
            module = import_module(f"apprise.plugins.{name}")
        except ModuleNotFoundError:
            continue
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, NotifyBase) and has_scheme(one, scheme):
                return one
    return None


def has_scheme(plugin: Any, scheme: str) -> bool:
    return scheme in plugin.schemas(plugin)


def find_in_all(scheme: str) -> Any | None:
    """The slow way: all of them are imported."""
    manager = import_module("apprise.apprise").N_MGR
    manager.load_modules()
    return next((one for one in manager.plugins() if has_scheme(one, scheme)), None)
