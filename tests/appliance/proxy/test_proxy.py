"""A real nginx with the configuration of the unit: who is asked, who is told what of whom."""

import ssl

import pytest

from appliance.proxy.nginx import AUTHORITY_PATH, MOST_PER_CLIENT
from appliance.proxy.policy import STRICT
from appliance.proxy.prepared import AUTHORITY
from tests.appliance.proxy.conftest import Front, Teller, needs_nginx
from tests.appliance.web.test_connections import read_all

pytestmark = [needs_nginx, pytest.mark.processes]

FORGED = {
    "X-Forwarded-For": "127.0.0.1",
    "X-Appliance-Origin": "touchscreen",
    "X-Appliance-Local": "127.9.9.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "127.0.0.1",
    "Forwarded": "for=127.0.0.1",
}


def test_a_request_by_tls_is_of_the_network_and_of_its_client(front: Front, teller: Teller) -> None:
    found = front.ask("/api/status").told
    assert found == {
        "client": "127.0.0.1",
        "origin": "network",
        "local": "127.0.0.1",
        "host": f"localhost:{front.secure_port}",
        "scheme": "https",
        "path": "/api/status",
        "claimed": [],
        "length": 0,
    }
    assert teller.ask_at_touchscreen().told["origin"] == "touchscreen"


def test_nothing_that_a_client_says_of_itself_arrives(front: Front, teller: Teller) -> None:
    found = front.ask(headers=FORGED).told
    assert (found["origin"], found["local"]) == ("network", "127.0.0.1")
    assert (found["scheme"], found["claimed"]) == ("https", [])


def test_plain_http_leads_to_the_same_place_by_https(front: Front, teller: Teller) -> None:
    found = front.ask("/events?label=person&limit=3", tls=False)
    assert found.status == 307
    port = front.secure_port
    assert found.headers["Location"] == f"https://localhost:{port}/events?label=person&limit=3"


def test_what_is_sent_without_tls_is_not_sent_again_by_a_redirect(
    front: Front, teller: Teller
) -> None:
    found = front.ask("/login", tls=False, method="POST")
    assert found.status == 403
    assert "without TLS" in found.told["reason"]


def test_where_the_owner_allows_it_plain_viewing_arrives_and_is_called_plain(
    front: Front, teller: Teller
) -> None:
    front.allow_plain_viewing()
    found = front.ask(tls=False, headers=FORGED).told
    assert (found["origin"], found["scheme"], found["claimed"]) == ("plain", "http", [])
    assert found["local"] == "127.0.0.1"


def test_plain_http_at_the_port_of_tls_leads_to_https(front: Front, teller: Teller) -> None:
    asked = front.open_raw_plain_at_secure(b"GET /x HTTP/1.1\r\nHost: unit.local:7\r\n\r\n")
    answer = read_all(asked)
    assert answer.startswith(b"HTTP/1.1 307")
    assert b"Location: https://unit.local:7/x" in answer


SMUGGLED = {
    "both lengths": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
    "two lengths": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n"
        b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
    "a space before the colon": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n"
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    ),
    "a folded header": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Appliance-Origin:\r\n touchscreen\r\n"
        b"Connection: close\r\n\r\n"
    ),
    "an underscore": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX_Appliance_Origin: touchscreen\r\n"
        b"Connection: close\r\n\r\n"
    ),
    "a null byte": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\0c\r\nConnection: close\r\n\r\n",
    "a line feed alone": (
        b"GET / HTTP/1.1\nHost: localhost\nX-Appliance-Origin: touchscreen\nConnection: close\n\n"
    ),
}


@pytest.mark.parametrize("kind", SMUGGLED)
def test_no_request_hides_in_another(front: Front, teller: Teller, kind: str) -> None:
    asked = front.open_raw(SMUGGLED[kind])
    answer = read_all(asked)
    assert b"smuggled" not in answer
    assert b"touchscreen" not in answer
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))


def test_a_chunked_body_arrives_whole(front: Front, teller: Teller) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    body = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    answer = read_all(front.open_raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + body))
    assert b'"length":11' in answer.replace(b" ", b"")


@pytest.mark.parametrize("size", [9_000, 40_000])
def test_a_head_that_is_too_large_is_refused_and_reaches_no_page(
    front: Front, teller: Teller, size: int
) -> None:
    assert front.ask(headers={"X-Large": "x" * size}).status == 400
    assert front.ask().status == 200


def test_a_body_that_is_too_large_is_refused_in_words(front: Front, teller: Teller) -> None:
    with front.connect() as connection:
        connection.request("POST", "/", headers={"Content-Length": "1100000"})
        got = connection.getresponse()
        assert (got.status, b"larger than 1m" in got.read()) == (413, True)


SLOW = {
    "that say nothing": b"",
    "with half a head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "with half a body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nx",
}


@pytest.mark.parametrize("kind", SLOW)
def test_150_slow_clients_of_the_network_reach_no_page_and_keep_nobody_out(
    front: Front, teller: Teller, kind: str
) -> None:
    for _ in range(150):
        front.open_raw(SLOW[kind], tls=False)
    slow = [front.open_raw(SLOW[kind]) for _ in range(10)]
    assert teller.ask_at_touchscreen().status == 200
    assert len(slow) == 10
    assert teller.limits.count() <= 1
    if kind != "with half a body":  # of one address: so many requests at once, not so many clients
        assert front.ask().status == 200


def test_one_address_has_so_many_requests_at_once_and_no_more(front: Front, teller: Teller) -> None:
    half = SLOW["with half a body"]
    for _ in range(MOST_PER_CLIENT):
        front.open_raw(half)
    answers = [front.ask() for _ in range(3)]
    assert 429 in [one.status for one in answers]
    assert teller.ask_at_touchscreen().status == 200


def test_the_authority_is_there_for_a_phone_without_tls_too(front: Front, teller: Teller) -> None:
    for tls in (True, False):
        found = front.ask(AUTHORITY_PATH, tls=tls)
        assert found.body == (front.web.tls_dir / AUTHORITY).read_bytes()
        assert found.headers["Content-Type"] == "application/x-x509-ca-cert"


def test_no_private_file_of_its_directory_is_served(front: Front, teller: Teller) -> None:
    for path in ("/used.pem", "/authority.crt/../used.pem", "/authority.crt/", "/tls/used.pem"):
        assert b"PRIVATE KEY" not in front.ask(path).body


def test_transport_security_is_demanded_with_the_owners_certificate_alone(
    front: Front, teller: Teller
) -> None:
    assert "Strict-Transport-Security" not in front.ask().headers
    front.give_certificate()
    assert front.ask_unchecked().headers["Strict-Transport-Security"] == STRICT


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_not_spoken(front: Front, teller: Teller) -> None:
    front.ask()
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        front.open_with(old)


def test_a_page_that_does_not_answer_is_told_in_a_sentence(front: Front) -> None:
    found = front.ask()
    assert found.status == 503
    assert "started again by itself" in found.told["reason"]
    assert found.headers["Retry-After"] == "5"
