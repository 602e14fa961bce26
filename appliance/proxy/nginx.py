"""The configuration of nginx before the page: TLS, who the client is, and how slow it may be.

    text = format_proxy(Proxy(run, tls_dir, page_socket, secure=("443", "8443"), plain=("8080",)))

Each request goes to the page on a connection of its own, so that no request can hide in another's.
What the page is told of the client is what nginx knows, never what the client says.

Reads and writes: nothing.
Never: writes a request, an answer or a log to the disk.
"""

from dataclasses import dataclass
from pathlib import Path

from appliance.proxy.policy import POLICY
from appliance.proxy.prepared import AUTHORITY, USED

CONNECTIONS = 2048
MOST_PER_CLIENT = 24  # requests at once, as of the page itself (appliance/web/connections.py)
MOST_BODY = "1m"
AUTHORITY_PATH = "/authority.crt"
FIRST_WITH_HTTP2_ON = (1, 25, 1)  # `listen ... http2` before

TEMPLATE = """\
daemon off;
{user}worker_processes 1;
pid {run}/nginx.pid;
error_log stderr error;
worker_shutdown_timeout 130s;
events {{ worker_connections {connections}; }}

http {{
    access_log off;
    server_tokens off;
    default_type text/plain;
    client_body_temp_path {run}/body;
    proxy_temp_path {run}/proxy;
    fastcgi_temp_path {run}/fastcgi;
    uwsgi_temp_path {run}/uwsgi;
    scgi_temp_path {run}/scgi;

    # Slow clients wait here, not at the page.
    client_header_timeout 10s;
    client_body_timeout 10s;
    send_timeout 30s;
    keepalive_timeout 30s;
    reset_timedout_connection on;
    large_client_header_buffers 2 8k;
    client_max_body_size {body};
    client_body_buffer_size {body};
    limit_conn_zone $binary_remote_addr zone=clients:1m;
    limit_conn clients {per_client};
    limit_conn_status 429;
    limit_conn_log_level info;

    ssl_certificate {tls}/{used};
    ssl_certificate_key {tls}/{used};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers {ciphers};
    ssl_ecdh_curve X25519:prime256v1:secp384r1;
    ssl_prefer_server_ciphers on;
    ssl_conf_command Options PrioritizeChaCha;  # for a phone that asks for it first
    ssl_session_cache shared:tls:1m;
    ssl_session_timeout 1h;
    ssl_session_tickets off;
    http2_max_concurrent_streams 16;

    include {tls}/{policy};

    proxy_http_version 1.1;
    proxy_set_header Connection close;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Appliance-Origin $origin;
    proxy_set_header X-Appliance-Local $server_addr;
    proxy_set_header X-Forwarded-Proto "";
    proxy_set_header X-Forwarded-Host "";
    proxy_set_header X-Forwarded-Port "";
    proxy_set_header X-Real-IP "";
    proxy_set_header Forwarded "";
    proxy_set_header Upgrade "";
    proxy_connect_timeout 5s;
    proxy_send_timeout 10s;
    proxy_read_timeout 75s;
    proxy_buffers 16 16k;
    proxy_buffer_size 16k;
    proxy_busy_buffers_size 64k;
    proxy_max_temp_file_size 0;
    map $https $origin {{
        on network;
        default plain;
    }}
{servers}}}
"""
CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
LOCATIONS = """\
        error_page 413 = @too_large;
        error_page 429 = @too_many;
        error_page 502 504 = @away;
        location @too_large {{
            default_type application/json;
            return 413 '{{"reason": "what was sent is larger than {body}"}}';
        }}
        location @too_many {{
            default_type application/json;
            return 429 '{{"reason": "too many requests at once from this address"}}';
        }}
        location @away {{
            default_type application/json;
            add_header Retry-After 5 always;
            return 503 '{{"reason": "the page does not answer; it is started again by itself: try \
again in some seconds"}}';
        }}
        # For a phone, which must get it before it can trust the unit; it holds no secret.
        location = {authority_path} {{
            alias {tls}/{authority};
            default_type application/x-x509-ca-cert;
        }}
"""
SECURE = """
    server {{
{listen}        add_header Strict-Transport-Security $strict_transport_security always;
        error_page 497 =307 https://$http_host$request_uri;  # plain HTTP at this port
{locations}        location / {{ proxy_pass http://unix:{page}; }}
    }}
"""
PLAIN = """
    server {{
{listen}{locations}        location / {{
            error_page 418 = @secure;
            if ($plain_viewing = "") {{ return 418; }}
            proxy_pass http://unix:{page};
        }}
        location @secure {{
            default_type application/json;
            if ($request_method !~ ^(GET|HEAD)$) {{
                return 403 '{{"reason": "nothing is done without TLS: use https{port}"}}';
            }}
            return 307 https://$host{port}$request_uri;
        }}
    }}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """`run`: for nginx's own files; `tls`: what prepared.py writes; `page`: the page's socket.

    `is_root`: it is started by root, and stays that (on a laptop; a unit has a user for it).
    `secure`, `plain`: what `listen` is told, such as `0.0.0.0:8443`, `[::]:8443 ipv6only=off`.
    """

    run: Path
    tls: Path
    page: Path
    secure: tuple[str, ...]
    plain: tuple[str, ...] = ()
    version: tuple[int, ...] = FIRST_WITH_HTTP2_ON
    is_root: bool = False


def format_proxy(proxy: Proxy) -> str:
    """The whole file."""
    return TEMPLATE.format(
        run=proxy.run,
        user="user root;\n" if proxy.is_root else "",
        tls=proxy.tls,
        used=USED,
        policy=POLICY,
        body=MOST_BODY,
        ciphers=CIPHERS,
        connections=CONNECTIONS,
        per_client=MOST_PER_CLIENT,
        servers=format_secure(proxy) + (format_plain(proxy) if proxy.plain else ""),
    )


def format_secure(proxy: Proxy) -> str:
    has_directive = proxy.version >= FIRST_WITH_HTTP2_ON
    words = " ssl" if has_directive else " ssl http2"
    listen = format_listen(proxy.secure, words)
    if has_directive:
        listen += "        http2 on;\n"
    return SECURE.format(listen=listen, locations=format_locations(proxy), page=proxy.page)


def format_plain(proxy: Proxy) -> str:
    listen, port = format_listen(proxy.plain, ""), find_port(proxy.secure)
    return PLAIN.format(
        listen=listen, locations=format_locations(proxy), page=proxy.page, port=port
    )


def format_listen(addresses: tuple[str, ...], words: str) -> str:
    return "".join(f"        listen {one}{words};\n" for one in addresses)


def format_locations(proxy: Proxy) -> str:
    return LOCATIONS.format(
        body=MOST_BODY, tls=proxy.tls, authority=AUTHORITY, authority_path=AUTHORITY_PATH
    )


def find_port(addresses: tuple[str, ...]) -> str:
    """What a link to https needs behind the host: "" where the usual port is served."""
    ports = [one.split()[0].rpartition(":")[2] for one in addresses]
    return "" if "443" in ports else f":{ports[0]}"
