"""`fleet serve`: the whole server of a fleet on one machine, with one command.

    applications  on sockets, as threads
    proxy         nginx before it: TLS, client certificates, the static tree, limits
    children      programs that run beside it, and end with it
    upkeep        each minute: rollouts go on, signatures are renewed, the tree is copied
    serving       the applications, and all of it together

Beyond one machine each part stands alone (docs/fleet.md).
"""
