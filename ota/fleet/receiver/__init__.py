"""The web application that units speak to; people have another one (operator/).

refused     what is refused is answered with its reason, and counted
app         POST /api/v1/reports, POST /api/v1/claims, GET /healthz
"""
