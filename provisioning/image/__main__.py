"""`python -m provisioning.image`."""

from provisioning.image.command import main

main()
