"""The two operating systems of a unit: which runs, which is installed, armed, committed.

Reads: RAUC over D-Bus, boot entries, EFI variables. Writes: the inactive slot and the boot order.
Never: writes into the slot that runs.

    slots        what machine/ may ask of any of them: the protocol and its rows
    none         a machine with one system
"""
