"""Reports to an MQTT broker, for Home Assistant (`appliance-mqtt`); nothing of the unit needs it.

    status document, events --> messages (topics and JSON) --> broker (paho)
    orders of people (`[mqtt] controls`) <-- broker

Reads: the database, the status document, and of a broker: its own topics and, where they are taken,
orders. Writes: to a broker, its own rows, and what is ordered.
Never: takes an order where `controls` is off, or one that gives a load more than guard, plan and
budget do.
"""
