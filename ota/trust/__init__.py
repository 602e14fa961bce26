"""Which release is meant for this unit: TUF metadata of the image repository and the director.

Reads: mirrors, its own directory of metadata. Writes: metadata in two
generations, the ratchet, the clock floor.
Never: takes a release on which the two do not agree, or one below the ratchet.
"""
