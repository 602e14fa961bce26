"""The key that signs bundles, and the certificate by which units know them.

Reads and writes: `keys/` of the build directory, or the files that are named.
Never: replaces a key that is there: units that have its certificate take no other bundles.
"""

from dataclasses import dataclass
from pathlib import Path

from provisioning.image.tools import ImageError, run

DAYS = 20 * 365  # a unit on a hillside outlives most certificates
SUBJECT = "/O=Neural Energy unit/CN=development key: not for units in the field"


@dataclass(frozen=True, slots=True)
class BundleKeys:
    """`key`: a PEM file or a PKCS#11 address (`pkcs11:...`), for RAUC; `certificate`: PEM."""

    key: str
    certificate: Path
    development: bool = False


def find_keys(directory: Path, key: str | None, certificate: Path | None) -> BundleKeys:
    """Those that are named, or a pair for development, made at the first build."""
    if key and certificate:
        if not certificate.is_file():
            raise ImageError(f"{certificate} does not exist: name the certificate of --key")
        return BundleKeys(key, certificate)
    if key or certificate:
        raise ImageError("--key and --certificate belong together: name both, or neither")
    made = directory / "keys/development.pem"
    if not made.exists():
        make_keys(made)
    return BundleKeys(str(made), made.with_suffix(".crt"), development=True)


def make_keys(key: Path) -> None:
    key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", str(DAYS), "-subj", SUBJECT),
        *("-keyout", key, "-out", key.with_suffix(".crt")),
    )
