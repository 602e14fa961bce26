"""The web application that people and their programs read: the state of the fleet, and why.

arguments        what may be asked for in an address
data             the JSON below /api/v1
app              the page, its files, the JSON
openapi          writes openapi.json, the description of the JSON; openapi_schemas: its answers
static/          scripts, style and map of the page; it shares some with appliance/web/static
templates/       the page
"""
