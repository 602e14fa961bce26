"""Installs the unit's software on a computer with systemd; run as root by `provisioning/install`.

    command --> packages, files, accounts, settings, program, services   (the steps, in this order)

Reads: the release's directory. Writes: what the steps name.
Never: imports anything but Python's own library: it runs before the program is installed.
"""
