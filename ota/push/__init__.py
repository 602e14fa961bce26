"""Push: a message of the fleet's broker has the unit ask its mirrors at once (`appliance-push`).

    hint     topics, and what one message says
    heard    what was heard and what the check-in has obeyed, on the disk
    rules    which hint counts, and when a check-in may be started for it
    secrets  what the unit shows the broker, and what it checks it with
    refusals why no connection could be made, in words
    link     the connection to the broker: MQTT 5, TLS with the unit's own certificate
    cycle    from a message to an order to PID 1
    watch    the service's cycle: hints and connection

A hint has no authority: it names no release, and the worst that a forged one does is that the unit
asks its mirrors, at most once a minute. Nothing is lost without it: the check-in asks by itself.
"""
