"""The web application that people and their programs read: the state of the fleet, and why.

arguments   what may be asked for in an address
app         the page and its JSON
"""
