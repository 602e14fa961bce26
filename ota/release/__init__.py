"""The command `fleet` of a release engineer: keys, releases, assignments; a static tree.

Reads: keys, built layers. Writes: the tree that mirrors serve.
Never: is run on a unit.
"""
