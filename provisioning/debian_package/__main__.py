"""`python -m provisioning.debian_package`."""

from provisioning.debian_package.command import main

main()
