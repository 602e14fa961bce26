"""The two TUF repositories in the static tree: verified when read, whole after any cut.

Reads: metadata below tree/, the root of trust. Writes: metadata below tree/.
Never: signs anew what was not verified first.
"""
