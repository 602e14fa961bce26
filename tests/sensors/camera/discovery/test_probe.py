"""The search for cameras: asked over real UDP, answered as cameras do and as nobody should."""

import struct
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from sensors.camera.discovery.answers import MOST_DEVICES, Answers, Found, Service
from sensors.camera.discovery.matches import parse_matches
from sensors.camera.discovery.networks import (
    IFF_LOOPBACK,
    IFF_MULTICAST,
    IFF_POINTOPOINT,
    IFF_UP,
    Card,
    Network,
    is_asked,
    list_cards,
)
from sensors.camera.discovery.probe import MOST_DATAGRAMS, NO_NETWORK, Probe
from tests.stand_ins.discovery_answers import (
    ENDPOINT,
    Answer,
    answering,
    find_number,
    make_answer,
)

LOOPBACK = Network("lo", IPv4Interface("127.0.0.1/8"))
CABLE = Network("eth0", IPv4Interface("192.168.1.5/24"))
CAMERA = IPv4Address("192.168.1.20")
NUMBER = "urn:uuid:1"
UP = IFF_UP | IFF_MULTICAST
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def find(make: Answer, wait_s: float = 0.3) -> Found:
    with answering(make) as place:
        return Probe([LOOPBACK], place).run(wait_s)


def hear(*answers: tuple[bytes, IPv4Address], network: Network = CABLE) -> Found:
    heard = Answers((NUMBER,))
    for data, sender in answers:
        heard.add(data, sender, network)
    return heard.sum_up()


def test_a_camera_that_answers_is_found_once_although_it_answers_every_question() -> None:
    found = find(lambda question: [make_answer(find_number(question))] * 2)
    (device,) = found.devices
    assert device.service == Service(IPv4Address("127.0.0.1"), 8080, "/onvif/device_service")
    assert (device.name, device.hardware, device.endpoint) == ("Gate camera", "M3025", ENDPOINT)
    assert (device.network, device.remarks, found.troubles) == ("lo", (), ())


def test_both_kinds_of_devices_are_asked_and_each_question_is_repeated_with_its_number() -> None:
    questions: list[str] = []

    def listen(question: str) -> list[bytes]:
        questions.append(question)
        return []

    assert find(listen, 0.5).devices == ()
    numbers = [find_number(one) for one in questions]
    assert len(set(numbers)) == 2
    assert min(map(numbers.count, numbers)) >= 2
    assert sum("t:NetworkVideoTransmitter" in one for one in questions) >= 2
    assert sum("t:Device<" in one for one in questions) >= 2


def test_an_answer_to_somebody_else_is_none() -> None:
    assert find(lambda _: [make_answer("urn:uuid:of-another")]).devices == ()


def test_an_answer_without_the_list_around_it_counts_as_some_cameras_leave_it_out() -> None:
    bare = make_answer(NUMBER).replace(b"<d:ProbeMatches>", b"").replace(b"</d:ProbeMatches>", b"")
    assert len(hear((bare, CAMERA)).devices) == 1


def test_without_a_private_network_the_search_says_what_to_connect() -> None:
    assert Probe([]).run() == Found((), (NO_NETWORK,))


@pytest.mark.parametrize(
    "data",
    [
        make_answer(NUMBER, doctype=BOMB, name="&b;"),
        make_answer(NUMBER, doctype=BOMB, name="&b;")
        .decode()
        .replace("UTF-8", "UTF-16")
        .encode("utf-16"),
        make_answer(NUMBER)[:700],
        b"\xff\xfe\x00",
        b"",
        b'<?xml version="1.0" encoding="nobody-has-it"?><a/>',
        b"<a>" * 5000,
    ],
)
def test_an_xml_bomb_or_a_damaged_answer_is_no_camera(data: bytes) -> None:
    assert parse_matches(data) == []
    assert find(lambda _: [data]).devices == ()


def test_what_a_camera_calls_itself_is_short_and_moves_no_cursor() -> None:
    ((device), *_) = hear((make_answer(NUMBER, name="%1b[2J" + "x" * 900), CAMERA)).devices
    assert "\x1b" not in device.name
    assert len(device.name) < 100


def test_a_thousand_answers_are_cut_off_and_said() -> None:
    found = hear(
        *(
            (make_answer(NUMBER, endpoint=f"urn:uuid:{one}"), IPv4Address(0xC0A80100 + one))
            for one in range(1, 1001)
        ),
        network=Network("eth0", IPv4Interface("192.168.0.5/16")),
    )
    assert len(found.devices) == MOST_DEVICES
    assert "936 answers more came than one network has cameras" in " ".join(found.troubles)


def test_one_address_that_answers_without_end_hides_no_other_camera() -> None:
    flood = [(make_answer(NUMBER, endpoint=f"urn:{one}"), CAMERA) for one in range(1000)]
    found = hear(*flood, (make_answer(NUMBER), IPv4Address("192.168.1.21")))
    assert IPv4Address("192.168.1.21") in [one.address for one in found.devices]
    assert "answers too often" in " ".join(found.troubles)


def test_the_search_ends_although_datagrams_never_do() -> None:
    many = [make_answer("urn:uuid:of-another", name="x" * 1000)] * 1500
    assert find(lambda _: many, 0.2).devices == ()
    assert MOST_DATAGRAMS < 6 * 1500


@pytest.mark.parametrize(
    "services",
    ["http://203.0.113.9/onvif/device_service", "http://127.0.0.1/onvif/device_service"],
)
def test_a_camera_that_names_another_host_is_asked_at_its_own_address(services: str) -> None:
    (device,) = hear((make_answer(NUMBER, services=services), CAMERA)).devices
    assert device.service.address == CAMERA
    assert f"only {CAMERA} is asked" in device.remarks[0]


@pytest.mark.parametrize(
    "services",
    ["file:///etc/passwd", "ftp://192.168.1.20/a", "http://[", "http://192.168.1.20:99999/a", ""],
)
def test_what_is_no_address_of_a_service_leaves_the_usual_one(services: str) -> None:
    (device,) = hear((make_answer(NUMBER, services=services), CAMERA)).devices
    assert device.service == Service(CAMERA)


def test_of_several_addresses_that_of_the_sender_is_taken() -> None:
    services = "https://192.168.1.20/a http://169.254.3.4/b http://192.168.1.20:8000/c"
    (device,) = hear((make_answer(NUMBER, services=services), CAMERA)).devices
    assert device.service == Service(CAMERA, 8000, "/c")
    assert device.remarks == ()


def test_an_answer_from_the_internet_is_not_asked_and_said() -> None:
    found = hear((make_answer(NUMBER), IPv4Address("203.0.113.9")))
    assert found.devices == ()
    assert "203.0.113.9 answered, which is no address of a private network" in found.troubles[0]


def test_a_camera_of_another_network_says_what_to_set() -> None:
    (device,) = hear((make_answer(NUMBER), IPv4Address("10.0.0.108"))).devices
    assert "10.0.0.108 is not in the network 192.168.1.0/24 of eth0" in " ".join(device.remarks)
    assert "DHCP" in " ".join(device.remarks)


def test_two_cameras_with_one_address_say_so() -> None:
    found = hear(
        (make_answer(NUMBER, endpoint="urn:uuid:a"), CAMERA),
        (make_answer(NUMBER, endpoint="urn:uuid:b"), CAMERA),
    )
    assert len(found.devices) == 2
    assert all("2 cameras answered from 192.168.1.20" in one.remarks[-1] for one in found.devices)


@pytest.mark.parametrize(
    ("address", "flags", "expected"),
    [
        ("192.168.1.5/24", UP, True),
        ("10.0.0.5/8", UP, True),
        ("169.254.7.7/16", UP, True),
        ("172.31.0.5/16", UP, True),
        ("172.32.0.5/16", UP, False),
        ("203.0.113.5/24", UP, False),
        ("100.64.0.5/10", UP, False),
        ("192.168.1.5/24", IFF_MULTICAST, False),
        ("10.0.0.5/32", UP | IFF_POINTOPOINT, False),
        ("127.0.0.1/8", UP | IFF_LOOPBACK, False),
    ],
)
def test_only_private_networks_of_several_computers_are_asked(
    address: str, flags: int, expected: bool, tmp_path: Path
) -> None:
    assert is_asked(Card(Network("eth0", IPv4Interface(address)), flags), tmp_path) is expected


def test_a_mobile_network_is_not_asked_although_its_address_is_private(tmp_path: Path) -> None:
    (tmp_path / "wwan0").mkdir()
    (tmp_path / "wwan0/uevent").write_text("DEVTYPE=wwan\nINTERFACE=wwan0\n")
    card = Card(Network("wwan0", IPv4Interface("10.20.30.40/29")), UP)
    assert not is_asked(card, tmp_path)
    assert is_asked(Card(Network("eth0", IPv4Interface("10.20.30.40/29")), UP), tmp_path)


def test_the_kernel_tells_this_computers_cards() -> None:
    cards = {card.network.name: card for card in list_cards()}
    assert cards["lo"].network == LOOPBACK
    assert cards["lo"].flags & IFF_LOOPBACK
    assert struct.calcsize("16xH22x") == 40
