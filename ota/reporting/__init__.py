"""What a unit says to the fleet's server, and how it proves who it is.

file_names  which files say who the unit is
unit_key    the unit's own key, with which it signs
server      one signed document to the server, and its answer
sent        which report the fleet has acknowledged, and the one that waits
sender      sends reports in their order
claim       enters the fleet with a one-time token
"""
