"""How log lines go out: to the journal or to standard error, in a thread that may wait for either.

datagrams    one datagram a line, in the journal's own form
writer       the queue, its thread, and what stands in for sys.stderr
"""
