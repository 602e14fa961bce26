"""TLS before the page: the unit's certificate, and the configuration of the proxy that holds it.

    names, authority, issued --> prepared (what the proxy reads) --> start (becomes nginx)
    given (the owner's own)  --'                '--> shown (what page and unitctl tell of it)

Reads: [web] of the settings, the names and addresses of this computer, `[web] tls_dir`. Writes:
`[web] tls_dir`, the proxy's configuration.
Never: hands the private key of the unit's authority to the proxy, or the proxy the settings.
"""
