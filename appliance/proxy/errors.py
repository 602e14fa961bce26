"""What is wrong with a certificate, or with the proxy that should show it."""

from appliance.errors import ApplianceError


class CertificateError(ApplianceError):
    """A certificate, its key or their directory cannot be used."""

    code = "certificate"


class ProxyError(ApplianceError):
    """The TLS proxy cannot be started."""

    code = "proxy"
