"""`python -m provisioning.emulator`."""

from provisioning.emulator.demonstration import main

main()
