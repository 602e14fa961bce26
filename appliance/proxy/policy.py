"""What the settings allow, as the proxy reads it: two variables of nginx.

    text = format_policy(plain_viewing=False, strict=True)

Reads and writes: nothing.
Never: demands TLS for ever of browsers that know only the unit's own certificate: a person who has
not installed it could not go past the browser's warning any more.
"""

POLICY = "policy.conf"
STRICT = "max-age=15552000"  # half a year: longer than between two visits, shorter than a change
TEXT = """\
# Made from the settings by appliance-certificate.service; changes here are lost.
map $host $plain_viewing {{ default "{plain}"; }}
map $host $strict_transport_security {{ default "{strict}"; }}
"""


def format_policy(*, plain_viewing: bool, strict: bool) -> str:
    """`strict`: browsers come by https alone from now on."""
    return TEXT.format(plain="1" if plain_viewing else "", strict=STRICT if strict else "")
