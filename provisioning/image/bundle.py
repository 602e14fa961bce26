"""Slot A as a bundle that RAUC installs into the other slot of a unit.

Reads: the slot's image, the key. Writes: one file.
Never: packs what is inside: the difference between two releases is made of it (decision 0045).
"""

import shutil
from pathlib import Path

from provisioning.image.keys import BundleKeys
from provisioning.image.tools import Chroot

COMPATIBLE = "unit-x86-64"
MANIFEST = """[update]
compatible={compatible}
version={release}
[bundle]
format=verity
[image.rootfs]
filename=root.ext4
"""
UNPACKED = "-noI -noD -noF -noX -no-fragments"


def make_bundle(
    tools: Chroot, work: Path, bundle: Path, keys: BundleKeys, *, release: str, epoch: int
) -> None:
    """`work`: holds root.ext4; `bundle` is made anew, in `work` too."""
    content = work / "bundle"
    shutil.rmtree(content, ignore_errors=True)
    content.mkdir()
    (content / "root.ext4").hardlink_to(work / "root.ext4")
    (content / "manifest.raucm").write_text(MANIFEST.format(compatible=COMPATIBLE, release=release))
    bundle.unlink(missing_ok=True)
    place = Path("/") / work.name
    signing = work / "signing"
    shutil.rmtree(signing, ignore_errors=True)
    signing.mkdir(mode=0o700)
    shutil.copy(keys.certificate, signing / "certificate.pem")
    key = keys.key
    if not key.startswith("pkcs11:"):
        shutil.copy(key, signing / "key.pem")
        key = str(place / "signing/key.pem")
    try:
        tools.run(
            *("rauc", f"--cert={place / 'signing/certificate.pem'}", f"--key={key}"),
            *(f"--mksquashfs-args={UNPACKED}", "bundle", place / "bundle", place / bundle.name),
            bind=[work],
            environment={"SOURCE_DATE_EPOCH": str(epoch)},
        )
    finally:
        shutil.rmtree(signing)
        shutil.rmtree(content)
