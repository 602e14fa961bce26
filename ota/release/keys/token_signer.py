"""A private key that never leaves its token (YubiKey, Nitrokey, SoftHSM): ECDSA P-256, PKCS#11.

Reads: the token, by the library of its maker. Writes: nothing.
Never: makes or removes a key on a token, or asks for a PIN before it signs.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from securesystemslib.signer import Key, SecretsHandler, Signature, Signer, SSlibKey

from ota.release.errors import ReleaseError
from ota.release.keys.token_uri import TokenUri, parse_token_uri


class TokenSigner(Signer):
    """Signs with the key of `uri`; `ask_pin` is called once for each signature."""

    def __init__(self, uri: TokenUri, public_key: SSlibKey, ask_pin: Callable[[], str]) -> None:
        self._uri = uri
        self._public_key = public_key
        self._ask_pin = ask_pin

    @property
    def public_key(self) -> SSlibKey:
        return self._public_key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> "TokenSigner":
        """As securesystemslib calls it where the scheme is registered."""
        if not isinstance(public_key, SSlibKey) or secrets_handler is None:
            raise ValueError("a key on a token needs its public half and who asks for the PIN")
        return cls(parse_token_uri(priv_key_uri), public_key, lambda: secrets_handler("PIN"))

    def sign(self, payload: bytes) -> Signature:
        """The signature over SHA-256 of `payload`, DER as TUF has it. Raises `ReleaseError`."""
        import pkcs11  # noqa: PLC0415  (only where there is a token)
        from pkcs11.util.ec import encode_ecdsa_signature  # noqa: PLC0415

        digest = hashlib.sha256(payload).digest()
        with opened(self._uri, self._ask_pin()) as session:
            key = find_object(session, self._uri, pkcs11.ObjectClass.PRIVATE_KEY)
            raw = key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        return Signature(self._public_key.keyid, encode_ecdsa_signature(raw).hex())


def read_public_key(uri: TokenUri) -> SSlibKey:
    """The public half of a key, without a PIN. Raises `ReleaseError`."""
    with opened(uri) as session:
        import pkcs11  # noqa: PLC0415
        from pkcs11.util.ec import encode_ec_public_key  # noqa: PLC0415

        found = find_object(session, uri, pkcs11.ObjectClass.PUBLIC_KEY)
        public = load_der_public_key(encode_ec_public_key(found))
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        raise ReleaseError(f"the key {uri.label} is not on P-256; make one with EC:prime256v1")
    return SSlibKey.from_crypto(public)


def find_object(session: Any, uri: TokenUri, kind: Any) -> Any:
    import pkcs11  # noqa: PLC0415

    return session.get_key(
        object_class=kind,
        key_type=pkcs11.KeyType.EC,
        label=uri.label or None,
        id=uri.identifier or None,
    )


@contextmanager
def opened(uri: TokenUri, pin: str | None = None) -> Iterator[Any]:
    """A session with the token, logged in where there is a PIN; its errors as sentences."""
    try:
        import pkcs11  # noqa: PLC0415
    except ImportError:
        raise ReleaseError(
            "a key on a token needs the package python-pkcs11: install the extra `pkcs11`"
        ) from None
    try:
        token = pkcs11.lib(uri.module).get_token(
            token_label=uri.token or None,
            token_serial=uri.serial.encode() or None,
            token_flags=pkcs11.TokenFlag.TOKEN_INITIALIZED,
        )
        with token.open(user_pin=pin) as session:
            yield session
    except RuntimeError as error:  # PKCS11Error is one, and a library that does not load
        raise ReleaseError(describe_failure(uri, error)) from error


REMEDIES = {
    "PinIncorrect": "the PIN is wrong; a token locks itself after a few wrong ones",
    "PinLenRange": "the PIN is wrong: too short or too long",
    "PinLocked": "its PIN is locked after wrong ones; unlock it with the PUK or SO PIN",
    "NoSuchToken": "no such token is plugged in; plug it in, or mend token= in the URI",
    "MultipleTokensReturned": "several tokens fit; add serial= to the URI",
    "NoSuchKey": "it has no such EC key; `pkcs11-tool --list-objects` shows what it has",
    "MultipleObjectsReturned": "it has several such keys; add id= to the URI",
}


def describe_failure(uri: TokenUri, error: Exception) -> str:
    kind = type(error).__name__
    remedy = REMEDIES.get(kind, f"its library {uri.module} says {kind} {error}".strip())
    return f"the key {uri.label or uri.identifier.hex()} on the token {uri.token}: {remedy}"
