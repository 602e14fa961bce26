"""Where a setting that cannot be used stands, and why.

In: nothing. Out: the two types that all rules share.
Never: checks anything.
"""

Place = tuple[str, ...]
Error = tuple[Place, str]
