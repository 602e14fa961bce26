"""Alarms: from what happened on the unit to a person who knows, and says so.

occurrences  one thing that happened
rules        which rules of the settings it meets
bundles      one alarm for one visit
limits       quiet hours, messages and megabytes in a day
deliveries   one message to one recipient by one channel: when it is tried, what became of it

Data flows one way: event, fault and sleep rows -> occurrences -> rules -> bundles -> deliveries ->
channels. Everything above the channels is pure.
"""
