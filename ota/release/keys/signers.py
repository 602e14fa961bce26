"""Who signs: of the keys that a role has, those that can be reached now.

    signers = SignerSource(keys, directory, secrets, given=["/media/stick/targets-1.pem"])
    signers.find(keyid)        # a Signer, or None where that key is not here

Reads: key files, tokens. Writes: nothing.
Never: opens a key that nothing has to be signed with.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from securesystemslib.signer import Signer, SSlibKey

from ota.release.errors import ReleaseError
from ota.release.keys.key_file import open_key_file
from ota.release.keys.key_list import KeyEntry, KeyList
from ota.release.keys.secrets_source import SecretsSource
from ota.release.keys.token_signer import TokenSigner, read_public_key
from ota.release.keys.token_uri import SCHEME, parse_token_uri


class SignerSource:
    """`given`: paths and PKCS#11 URIs of keys that are elsewhere than `keys` says (`--key`)."""

    def __init__(
        self,
        keys: KeyList,
        directory: Path,
        secrets: SecretsSource,
        given: Sequence[str] = (),
    ) -> None:
        self.keys = keys
        self._directory = directory
        self._secrets = secrets
        self._opened: dict[str, Signer] = {}
        self._given: list[str] = []
        for place in given:
            self._add_given(place)

    @property
    def given_names(self) -> list[str]:
        """The keys of `--key`, by name."""
        return [self.keys.name_of(keyid) for keyid in self._given]

    def find(self, keyid: str) -> Signer | None:
        """Raises `ReleaseError` where the key is here and does not open."""
        entry = self.keys.find_by_id(keyid)
        if entry is None:
            return None
        if keyid not in self._opened and self.is_here(entry):
            self._opened[keyid] = self._open(entry.place, entry.name)
            self._check_same(self._opened[keyid], entry)
        return self._opened.get(keyid)

    def find_all(self, keyids: Iterable[str]) -> list[Signer]:
        return [found for one in keyids if (found := self.find(one))]

    def is_here(self, entry: KeyEntry) -> bool:
        """Whether its file is where the list says; a token is asked only when it signs."""
        if entry.place.startswith(SCHEME):
            return True
        return (self._directory / entry.place).is_file()

    def _open(self, place: str, name: str) -> Signer:
        if place.startswith(SCHEME):
            uri = parse_token_uri(place)
            entry = self.keys.entries.get(name)
            public = entry.public if entry else None
            public = public if isinstance(public, SSlibKey) else read_public_key(uri)
            return TokenSigner(uri, public, lambda: self._secrets.find(name, "PIN"))
        return open_key_file(
            self._directory / place, lambda: self._secrets.find(name, "passphrase")
        )

    def _add_given(self, place: str) -> None:
        if place.startswith(SCHEME):
            public = read_public_key(parse_token_uri(place))
            entry = self.keys.find_by_id(public.keyid)
            signer = self._open(place, entry.name) if entry else None
        else:
            signer = self._open(str(Path(place).absolute()), Path(place).stem)
            entry = self.keys.find_by_id(signer.public_key.keyid)
        if entry is None or signer is None:
            raise ReleaseError(
                f"the key in {place} is none of this fleet's: `fleet keys list` shows which there "
                "are"
            )
        self._opened[entry.public.keyid] = signer
        self._given.append(entry.public.keyid)

    def _check_same(self, signer: Signer, entry: KeyEntry) -> None:
        if signer.public_key.keyid != entry.public.keyid:
            raise ReleaseError(
                f"{entry.place} holds another key than {entry.name}; name the right file with --key"
            )
