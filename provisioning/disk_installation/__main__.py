"""`python -m provisioning.disk_installation`."""

from provisioning.disk_installation.command import main

main()
