"""How a unit enters the fleet: a one-time token for the box with one serial, and what it gets.

tokens      makes them, and lists what waits
authority   the fleet's own certificate authority, for client certificates
entering    a unit that brings its token
carried     a unit whose request a person brings
"""
