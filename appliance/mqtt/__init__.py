"""Reports to an MQTT broker, for Home Assistant (`appliance-mqtt`); nothing of the unit needs it.

    status document, events --> messages (topics and JSON) --> broker (paho)

Reads: the database and the status document. Writes: to a broker.
Never: takes a command from a broker: it subscribes to nothing.
"""
