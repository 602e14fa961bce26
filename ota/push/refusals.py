"""Why no connection to the fleet's broker could be made, in words. Pure.

In: the error of the connection. Out: what follows "the fleet's broker HOST:PORT".
Never: names a cause that was not seen without "may".
"""

import socket
import ssl


def describe_refusal(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"shows a certificate that the unit does not accept ({error.verify_message.rstrip('.')}"
            "): check its certificate, `ca_file` in [fleet], and the unit's clock"
        )
    if isinstance(error, ssl.SSLError | ConnectionResetError):
        why = getattr(error, "reason", None) or error.strerror or type(error).__name__
        return f"does not speak TLS as the unit does ({why}): check `push` in [fleet]"
    if isinstance(error, socket.gaierror):
        return (
            f"cannot be found by its name ({error.strerror}): check `push` in [fleet], or the link"
        )
    return f"does not answer ({error.strerror or error})"
