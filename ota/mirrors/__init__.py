"""Where the bytes of an update come from; none of them is trusted.

Reads: web servers, directories (USB sticks), neighbours. Writes: nothing.
Never: judges what it reads; trust/ and payload/ do.
"""
