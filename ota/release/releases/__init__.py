"""Releases: built from layers, signed, published, given to units, taken to a stick.

Reads: built layers, the tree. Writes: packs, manifests and metadata below tree/.
Never: signs a release whose packs are not there, or names one that units cannot reach yet.
"""
