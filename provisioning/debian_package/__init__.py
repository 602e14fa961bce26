"""The package for Debian and Ubuntu (`make deb`): a release, its wheels, and scripts that run
provisioning/install.

    command --> contents, control     (what is asked, what is packed, what dpkg is told)

scripts/ are dpkg's maintainer scripts.

Reads: the release's sources, wheels. Writes: appliance_VERSION_ARCHITECTURE.deb.
Never: packs a wheel of which the lock files have not the hash.
"""
