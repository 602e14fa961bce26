"""The unit's page and its metrics over HTTP (`appliance-web`).

    server (socket from PID 1, or a port) --> app (Flask) --> reader --> appliance.status documents
                                               |'--> metrics (Prometheus)
                                               '---> view (the last picture that inference analysed)

Reads: unit.db, snapshots, the inference process's view socket. Writes: access.db, and orders of a
technician.
Never: takes an order of somebody unknown (acting/).
"""
