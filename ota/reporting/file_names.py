"""The files in the update directory that say who the unit is, by name: for services that load no
library for keys.

Reads and writes: nothing.
Never: imports anything.
"""

PRIVATE, PUBLIC = "unit-key.pem", "unit-key.pub.pem"
CERTIFICATE, AUTHORITY = "unit-certificate.pem", "fleet-authority.pem"
PLACE, ASKED = "fleet-place.json", "claim-request.json"
