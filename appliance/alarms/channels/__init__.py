"""Ways to reach somebody.

sia_frame    the messages of ANSI/SIA DC-09, to and from a monitoring station
sia          one message over TCP to a station, and its answer
"""
