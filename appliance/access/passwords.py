"""Rules and hashes of passwords and PINs; tokens of scripts and ids of sessions.

    stored = hash_secret(clean_password("correct horse battery"))
    matches(stored, "correct horse battery")

Reads: random numbers of the kernel. Writes: nothing.
Never: compares in a time that tells how much was right, or hashes two at once: each takes 32 MB.

Passwords and PINs are hashed with scrypt (werkzeug, which comes with Flask). Tokens and ids of
sessions are 256 random bits: nobody guesses them, so SHA-256 is enough.
"""

import hashlib
import hmac
import secrets
import threading
import unicodedata

from werkzeug.security import check_password_hash, generate_password_hash

from appliance.parsing.values import CONTROL
from appliance.strict_json import InputError

METHOD = "scrypt:32768:8:1"
LEAST_PASSWORD, MOST_PASSWORD = 10, 200  # characters
LEAST_PIN, MOST_PIN = 6, 12  # digits
MOST_TYPED = 1000  # characters of a try; more is wrong without being hashed
ROW = "0123456789" * 2
MARK = "unit_"  # so that a token is known as one where it lies around
RANDOM_BYTES = 32
# Compared with where there is no such account, so that this takes as long as where there is one.
NOBODYS = (
    "scrypt:32768:8:1$cW3bVbTzq0cC4hPZ$"
    "e81f53d298bb4c46e5096cc44f6fe4e2eac09f9e77ccc8093c457adcbbcae8fa"
    "d4ade4c1e2114e59dad7b038b59201a6cf88184d1626b45c4d2a19f9ada326e5"
)

_turn = threading.Lock()


def clean_password(text: str) -> str:
    """A new password. Raises `InputError`."""
    found = unicodedata.normalize("NFC", text)
    if CONTROL.search(found):
        raise InputError("the password holds a character that no keyboard writes")
    if not LEAST_PASSWORD <= len(found) <= MOST_PASSWORD:
        raise InputError(
            f"the password has {len(found)} characters; it needs {LEAST_PASSWORD} to "
            f"{MOST_PASSWORD}: three words with spaces make a good one"
        )
    if len(set(found)) < 4:
        raise InputError("the password repeats the same few characters: choose another one")
    return found


def clean_pin(text: str) -> str:
    """A new PIN. Raises `InputError`."""
    if not text.isascii() or not text.isdigit() or not LEAST_PIN <= len(text) <= MOST_PIN:
        raise InputError(f"a PIN is {LEAST_PIN} to {MOST_PIN} digits")
    if len(set(text)) == 1 or text in ROW or text[::-1] in ROW:
        raise InputError("this PIN is the first that anybody tries: choose another one")
    return text


def hash_secret(text: str) -> str:
    """A password or PIN as it is stored."""
    with _turn:
        return generate_password_hash(text, METHOD)


def matches(stored: str | None, typed: str) -> bool:
    """Whether what was typed is that secret; with None it takes as long, and is wrong."""
    is_sane = len(typed) <= MOST_TYPED and not CONTROL.search(typed)
    text = unicodedata.normalize("NFC", typed) if is_sane else ""
    with _turn:
        try:
            found = check_password_hash(stored or NOBODYS, text)
        except ValueError:  # a stored hash that is none
            found = False
    return found and stored is not None and is_sane


def make_token() -> str:
    """A new token for a script."""
    return MARK + secrets.token_urlsafe(RANDOM_BYTES)


def make_session_id() -> str:
    """A new id of a session."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def digest(text: str) -> str:
    """A token or the id of a session as it is stored."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def make_csrf_token(session_id: str) -> str:
    """What a page that belongs to a session sends with each order; another page cannot know it."""
    return hmac.new(session_id.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
