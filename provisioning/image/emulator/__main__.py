"""`python -m provisioning.image.emulator`."""

from provisioning.image.emulator.demonstration import main

main()
