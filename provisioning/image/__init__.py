"""The image of a unit: Debian 13 for x86-64, as a disk and as a bundle for updates (`make image`).

tools.py      a Debian 13 of its own with the programs that build
keys.py       the key that signs bundles
accounts.py   the numbers of users and groups (accounts/)
root.py       the system's root: packages/, files/, sets/, the program
slot.py       the root as a file system
secure_boot.py  what is signed for Secure Boot, and the keys' files; its first program (starter.s)
disk.py       the partitions: ESP, slot A, slot B, data (repart.d/)
bundle.py     slot A as RAUC's bundle
inventory.py  the manifest
sbom.py       the bills of materials
compare.py    whether two builds made the same
command.py    all of it, in this order
"""
