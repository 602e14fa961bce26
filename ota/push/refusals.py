"""Why no connection to the fleet's broker could be made, in words. Pure.

In: the error of the connection. Out: what follows "the fleet's broker HOST:PORT".
Never: names a cause that was not seen without "may".
"""

import socket
import ssl

from appliance.wording.sentence import say


def describe_refusal(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return say(
            "shows a certificate that the unit does not accept ({why}): check its "
            "certificate, `ca_file` in [fleet], and the unit's clock",
            why=error.verify_message.rstrip("."),
        )
    if isinstance(error, ssl.SSLError | ConnectionResetError):
        why = getattr(error, "reason", None) or error.strerror or type(error).__name__
        return say("does not speak TLS as the unit does ({why}): check `push` in [fleet]", why=why)
    if isinstance(error, socket.gaierror):
        return say(
            "cannot be found by its name ({cause}): check `push` in [fleet], or the link",
            cause=error.strerror,
        )
    return say("does not answer ({cause})", cause=error.strerror or error)
