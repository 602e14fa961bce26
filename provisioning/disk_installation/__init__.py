"""Installs the image of a unit on a disk; run as root by `provisioning/install-image`.

    command --> permission, sources, recording, esp_files   (what is asked, what is read, the order)

    permission    may it be erased, and does somebody say so
    inspection    is it a disk that may be erased; what is on it
    overlap       do image and disk have bytes in common
    source        what is installed: an image, or the system that runs (running)
    plan          which piece of a source goes where; pure
    recording     writes, reads back, and only then makes the disk bootable
    table         the partition table: read here, written by sfdisk
    data          the data partition, new, with RAUC's knowledge of both slots
    esp           the ESP of a system; esp_files: settings and keys that go to provision/ on it
    target        the disk itself, past the page cache

Reads: an image or the system that runs. Writes: one disk, which is not bootable before all of it
was read back.
Never: imports anything but Python's own library: it runs on any technician's Linux.
"""
