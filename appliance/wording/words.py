"""Words of enumerations that stand in sentences: a member goes by its value, so no call names them.

Reads and writes: nothing.
Never: decides; it is here for the catalogues of translations alone.
"""

from appliance.wording.sentence import say

WORDS = (
    *(say("generator"), say("fuel-cell"), say("shore")),  # SourceKind
    *(say("read"), say("written"), say("set aside")),  # what a file cannot be
    *(say("os"), say("app"), say("model"), say("settings")),  # LayerKind
    # What a person did (the page's journal of acts).
    *(say("logged in"), say("logged out"), say("log in"), say("alarm acknowledged")),
    *(say("camera pause"), say("camera mute"), say("camera off"), say("camera resume")),
    *(say("events erased"), say("settings: preview"), say("settings: change")),
    *(say("settings: confirm"), say("settings: take back")),
    *(say("updates: hold"), say("updates: release"), say("updates: check")),
    *(say("PIN set"), say("PIN removed"), say("account added"), say("account removed")),
    *(say("password changed"), say("token added"), say("token removed")),
    say("wrong tries forgotten"),
)
