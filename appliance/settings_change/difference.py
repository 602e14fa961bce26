"""Two texts of a settings file side by side, without their secrets.

    lines = compare(old, new, name="unit.toml")      # a unified diff

Reads and writes: nothing; pure.
Never: shows a secret, in whatever notation of TOML it stands.
"""

import difflib
import re
from typing import Any

from appliance.errors import SettingsError
from appliance.log import redact
from appliance.parsing.toml_text import parse_toml
from appliance.settings_change.edit import edit
from appliance.settings_change.secrets import HIDDEN, hide, is_secret
from appliance.settings_change.trees import flatten
from appliance.settings_rules.places import Place
from appliance.wording.sentence import say

CANNOT = say("the lines cannot be shown: a secret stands in them in a way that cannot be hidden")
ANOTHER = f"{HIDDEN}, another one"
# What people note in a comment: a password, or NAME:PASSWORD@HOST without the scheme.
NOTED = re.compile(
    r"(?P<word>passw|passphrase|passcode|pwd|psw|parol|token|secret|bearer|credential|api.?key"
    r"|\b(?:pass|pin|psk|key|auth|login)\b)(?!\w*_file\b).*",
    re.IGNORECASE,
)
LONG = re.compile(r"[\w+=~-]{20,}")
WORD = re.compile(r"\S+")


def compare(old: str, new: str, *, name: str) -> str:
    """A unified diff of both; a secret that changed shows that it did, and no more."""
    before, after = (flatten(parse_toml(text.encode())[1]) for text in (old, new))
    try:
        shown = mask(old, before, {}), mask(new, after, before)
    except SettingsError:
        return CANNOT
    lines = difflib.unified_diff(
        shown[0].splitlines(), shown[1].splitlines(), f"{name} now", f"{name} then", lineterm=""
    )
    return "\n".join(hide_line(line) for line in lines)


def mask(text: str, leaves: dict[Place, Any], before: dict[Place, Any]) -> str:
    """The text with each secret replaced."""
    secret = {where: value for where, value in leaves.items() if is_secret(value)}
    return edit(
        text,
        {where: mask_value(value, before.get(where, value)) for where, value in secret.items()},
        known_only=False,
    )


def mask_value(value: Any, before: Any) -> Any:
    """What stands in a secret's place."""
    shown, shown_before = hide(value), hide(before)
    if value == before or shown != shown_before:
        return shown
    return replace_hidden(shown)


def replace_hidden(shown: Any) -> Any:
    if isinstance(shown, list):
        return [replace_hidden(one) for one in shown]
    return shown.replace(HIDDEN, ANOTHER) if isinstance(shown, str) else shown


def hide_line(line: str) -> str:
    """A line without what may be secret in its comment; values are masked already."""
    head, mark, comment = line.partition("#")
    shown = hide_users(redact(comment))
    shown = WORD.sub(lambda found: hide_word(found[0]), shown)
    shown = LONG.sub(lambda found: hide_made(found[0]), shown)
    return head + mark + NOTED.sub(rf"\g<word> {HIDDEN}", shown)


def hide_users(comment: str) -> str:
    """All between the first :// and the last @, which are searched once each."""
    begin, end = comment.find("://"), comment.rfind("@")
    return comment if end < begin or begin < 0 else f"{comment[:begin]}://{HIDDEN}{comment[end:]}"


def hide_made(word: str) -> str:
    """What nobody writes by hand, letters and digits in one long word: a bot's token, a key."""
    is_made = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return HIDDEN if is_made else word


def hide_word(word: str) -> str:
    """NAME:PASSWORD@HOST, an address that somebody noted without its scheme."""
    user, at, host = word.rpartition("@")
    is_shown = at and ":" in user and not user.endswith(f"://{HIDDEN}")
    return f"{HIDDEN}@{host}" if is_shown else word
