"""Hints for units: a retained message each, through a broker that lets a unit read its own alone.

calling     the units and groups for which there is something new
access      who may read and write which topic, and which certificates are void
broker      a mosquitto's configuration, its certificates, and news for one that runs
publishing  hints for units and groups: MQTT 5, retained, acknowledged by the broker
"""
