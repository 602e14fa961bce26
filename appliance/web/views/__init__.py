"""The views of the page: each has an address, a template, a script and, where it needs, data.

listed       which views there are, in the order of the navigation
shell        the routes of all of them, and what every template is given
manifest     what a phone needs to put the page on its home screen

A view `events` is templates/views/events.html (extends layout.html), static/views/events.js and,
for its data and acts, views/events.py.
"""
