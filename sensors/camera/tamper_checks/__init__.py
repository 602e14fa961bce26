"""A camera that is covered, moved, frozen or out of focus: noticed from key frames, told in words.

    key frame --> view (edges, noise, likeness) --> checks (which trouble, since when) --> faults

Reads and writes: nothing; pictures and times come in.
Never: decodes, keeps a picture, or takes night and weather for a fault.
"""
