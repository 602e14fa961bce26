"""The two operating systems of a unit: which runs, which is installed, armed, committed.

Reads: RAUC over D-Bus, boot entries, EFI variables. Writes: the inactive slot and the boot order.
Never: writes into the slot that runs.

    slots         what machine/ may ask of any of them: the protocol and its rows
    rauc          RAUC over D-Bus (rauc_bus)
    directory     two directories on a laptop
    none          a machine with one system

Boot loaders, which RAUC asks as root (its custom backend is `python -m ota.slots.backend`):

    systemd_boot  entries with counters (boot_entries); what a slot boots: boot_source, verity
    jetson        NVIDIA's two root file systems
"""
