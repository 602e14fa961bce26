"""Reports to an MQTT broker, for those who live in Home Assistant; nothing of the unit needs it.

Reads the database and the status document; writes to a broker.
Never: takes an order from a broker: it subscribes to nothing.
"""
