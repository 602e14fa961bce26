"""The bytes of a release: fetched from any mirror, resumed after any cut, verified by chunk.

Reads: mirrors, what of a layer is here already. Writes: parts of layers in its own directory.
Never: uses a chunk before its hash was checked, or fetches one twice that is here.
"""
