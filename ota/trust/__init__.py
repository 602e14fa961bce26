"""Which release is meant for this unit, by TUF metadata of two repositories that must agree.

Reads: the metadata of a mirror, the roots of trust that the technician put there. Writes: the
directory trust/ of the update: verified metadata in two generations, the ratchet in two copies.
Never: uses a byte that is not signed; goes below the ratchet; fetches a payload.

    refusals      what python-tuf found wrong -> one reason, one sentence
    ratchet       the floors: versions, releases and times that never go down; pure
    copies        a small file twice, numbered, with its checksum
    store         what was verified, on the disk through power cuts
    pages         metadata from a mirror: capped in size, in time
    updater       the one place where python-tuf is changed: its clock, its files
    assignment    what the director says of this unit, and whether it may be followed; pure
    question      one mirror, asked once
    client        asks the mirrors in order: an offer, nothing, or why not
    conformance   `python -m ota.trust.conformance`: the client of TUF's public test suite
"""
