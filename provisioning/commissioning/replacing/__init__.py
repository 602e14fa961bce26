"""The short walks of a part that is replaced: charge controller, battery, camera, SSD.

    parts.PARTS             # steps as any other: check says what is forgotten, before it is

    confirmed --> begun (file) --> settings --> the owner forgets --> steps open again --> verified

Reads: the settings, answers, what the owners of learned values say. Writes: the settings through
their Keeper; what the owners forget; replaced.json; which steps must be verified again.
Never: forgets by a file's path: each owner has a function for it; or forgets twice for one part.
"""
