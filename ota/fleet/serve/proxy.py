"""The configuration of nginx before the fleet's applications.

    text = format_proxy(Proxy(directory, tree, ("fleet.example.org",), 443))

It holds TLS, serves the tree of releases, checks client certificates, and limits how fast one
address may ask. The applications listen on sockets that only it can reach.

Reads: whether this computer speaks IPv6. Writes: nothing.
Never: hands on what a client says of its own certificate.
"""

import socket
from dataclasses import dataclass
from pathlib import Path

RECEIVER_SOCKET = "receiver.sock"
MOST_BODY = "256k"  # of a report
WORKERS = 2
CONNECTIONS = 4096
NAME = "nginx"

TEMPLATE = """\
daemon off;
{user}worker_processes {workers};
pid {run}/nginx.pid;
error_log stderr warn;
events {{ worker_connections {connections}; }}

http {{
    access_log off;
    server_tokens off;
    include {types};
    default_type application/octet-stream;
    sendfile on;
    client_body_temp_path {run}/body;
    proxy_temp_path {run}/proxy;
    fastcgi_temp_path {run}/fastcgi;
    uwsgi_temp_path {run}/uwsgi;
    scgi_temp_path {run}/scgi;
    client_max_body_size {body};
    client_body_buffer_size {body};  # in memory: a full disk keeps no report out
    client_body_timeout 60s;
    client_header_timeout 20s;
    keepalive_timeout 30s;

    # The serial of the box, from the subject of a certificate that was checked.
    map $ssl_client_verify:$ssl_client_s_dn $client_serial {{
        default "";
        "~^SUCCESS:(?:.*,)?CN=(?<serial>[A-Za-z0-9_-]+)(?:,.*)?$" $serial;
    }}
    limit_req_zone $binary_remote_addr zone=units:10m rate=2r/s;
    limit_req_status 429;
    limit_req_log_level info;  # a stranger fills no log, nor do units that look for a newer root
    log_not_found off;

    server {{
        listen {port} ssl;
{listen_6}        server_name {names};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:tls:10m;
        ssl_client_certificate {authority};
        ssl_crl {revoked};
        ssl_verify_client optional;
        error_page 495 = @wrong_certificate;
        error_page 413 = @too_large;
        error_page 429 = @too_many;

        location @wrong_certificate {{
            default_type application/json;
            return 403 '{{"reason_code": "wrong-certificate", "text": "the client certificate is \
not of this fleet, has expired or was revoked: claim again with a new token"}}';
        }}
        location @too_large {{
            default_type application/json;
            return 413 '{{"reason_code": "request-invalid", "text": "what was sent is larger than \
{body}: no unit sends as much"}}';
        }}
        location @too_many {{
            default_type application/json;
            return 429 '{{"reason_code": "too-many", "text": "too many requests from this address; \
send it again later"}}';
        }}
        location /api/v1/ {{
            limit_req zone=units burst=40 nodelay;
            proxy_pass http://unix:{receiver};
            proxy_set_header Host $host;
            proxy_set_header X-Client-Serial $client_serial;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_connect_timeout 5s;
            proxy_read_timeout 30s;
        }}
        location = /healthz {{
            limit_req zone=units burst=40 nodelay;
            proxy_pass http://unix:{receiver};
        }}
        location / {{
            root {tree};
            autoindex off;
            # Names of content never change what they mean; metadata does.
            location ~ \\.(pack|index)$ {{ add_header Cache-Control "public, max-age=31536000"; }}
            location ~ \\.json$ {{ add_header Cache-Control "no-cache"; }}
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """`run`: a directory for sockets and temporary files; `names`: of the server; PEM files.

    `user`: whose its processes are, where it is started by root; "" otherwise.
    """

    run: Path
    tree: Path
    names: tuple[str, ...]
    port: int
    certificate: Path
    key: Path
    authority: Path
    revoked: Path
    user: str = ""


def format_proxy(proxy: Proxy) -> str:
    """The whole file."""
    return TEMPLATE.format(
        user=f"user {proxy.user};\n" if proxy.user else "",
        run=proxy.run,
        tree=proxy.tree,
        names=" ".join(proxy.names),
        port=proxy.port,
        listen_6=f"        listen [::]:{proxy.port} ssl;\n" if has_ipv6() else "",
        certificate=proxy.certificate,
        key=proxy.key,
        authority=proxy.authority,
        revoked=proxy.revoked,
        receiver=proxy.run / RECEIVER_SOCKET,
        workers=WORKERS,
        connections=CONNECTIONS,
        body=MOST_BODY,
        types="/etc/nginx/mime.types",
    )


def has_ipv6() -> bool:
    """Whether this computer speaks it; nginx does not start with an address that it cannot have."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


def make_command(configuration: Path, run: Path) -> list[str]:
    """The program's own words; it stays in the foreground."""
    return [NAME, "-p", str(run), "-c", str(configuration), "-e", "stderr"]
