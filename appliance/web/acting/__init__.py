"""Acting needs a person: the one front door of every address that changes something.

    @app.post("/api/cameras/<camera>/pause")
    @acts(Role.TECHNICIAN)
    def pause(camera: str) -> ResponseReturnValue:
        record_act(person(), "camera paused", camera, {"for": "2h"})
        ...

`acts` checks who asks, the CSRF token and that the request comes from the page itself, and has the
act on disk before the function runs. It refuses with 401 or 403 and a sentence. `person` says who
asks, in any request. `record_act` says more exactly what is done than the address does.

In templates: `person`, `csrf_token`, `can_act`. In scripts: `post` of static/link.js.

    refusals    what is answered where nothing is done
    asking      who asks, and from where
    same_site   whether the request comes from the page itself
    recording   `acts` and `record_act`
    gate        who may look
"""

from appliance.access.acts import Outcome
from appliance.access.roles import Origin, Person, Role
from appliance.web.acting.asking import person
from appliance.web.acting.recording import acts, record_act

__all__ = ["Origin", "Outcome", "Person", "Role", "acts", "person", "record_act"]
