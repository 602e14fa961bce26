"""Words of enumerations that stand in sentences: a member goes by its value, so no call names them.

Reads and writes: nothing.
Never: decides; it is here for the catalogues of translations alone.
"""

from appliance.wording.sentence import say

WORDS = (
    *(say("generator"), say("fuel-cell"), say("shore")),  # SourceKind
    *(say("read"), say("written"), say("set aside")),  # what a file cannot be
    *(say("os"), say("app"), say("model"), say("settings")),  # LayerKind
)
