"""A TPM that calculates in this process: the files of its keys have the form of real ones."""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ota.errors import UpdateError
from ota.reporting.tpm import Tpm, explain, make_error
from ota.reporting.tss2_file import format_tss2

AREA = bytes.fromhex("0023 000b 00060072 0000 0010 0010 0003 0010")
OTHER_TPM = "Could not find private key from unit-key.pem"


@dataclass(slots=True)
class FakeTpm(Tpm):
    """`broken`: what it says to everything, "" where it works."""

    keys: dict[bytes, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    broken: str = ""

    def make_key(self) -> bytes:
        self._work()
        key = ec.generate_private_key(ec.SECP256R1())
        made = format_key(key.public_key())
        self.keys[made] = key
        return made

    def sign(self, path: Path, digest: bytes) -> bytes:
        self._work()
        key = self.keys.get(path.read_bytes())
        if key is None:
            raise make_error(explain(OTHER_TPM))
        return key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))

    def _work(self) -> None:
        if self.broken:
            raise UpdateError(self.broken, "unit-key-tpm")


def format_key(public: ec.EllipticCurvePublicKey) -> bytes:
    numbers = public.public_numbers()
    point = b"".join(b"\0\x20" + one.to_bytes(32) for one in (numbers.x, numbers.y))
    area = len(AREA + point).to_bytes(2) + AREA + point
    return format_tss2(area, b"sealed" * 20)
