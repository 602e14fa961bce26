"""Changes of the settings file by the page and by `unitctl`: whole, checked, and taken back.

    changes --> preview (edit, compare, restarts) --> proposal file --> apply --> history
    page, its own user                                              root's oneshot

Reads: the settings file, the layer of a release, proposals. Writes: a proposal (the page); the
settings file and its history (root, or whoever owns the file on a laptop).
Never: changes a file that somebody else has changed since it was read, and never sends a secret of
the settings to a browser.
"""
