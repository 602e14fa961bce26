"""For which names and addresses the unit's certificate is."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest

from appliance.proxy.names import is_own, list_addresses, list_home_names, list_names

FIB = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.0.0/24 2 0 2
        +-- 10.0.0.0/26 2 0 2
           |-- 10.0.0.0
              /24 link UNICAST
           |-- 10.0.0.17
              /32 host LOCAL
        |-- 10.0.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 100.64.0.9
        /32 host LOCAL
Local:
           |-- 10.0.0.17
              /32 host LOCAL
"""
IPV6 = """00000000000000000000000000000001 01 80 10 80       lo
fd000000000000000000000000000002 02 40 00 80     eth0
fd00000000000000aaaaaaaaaaaaaaaa 02 40 00 01     eth0
20010db8000000000000000000000001 02 40 00 80     eth0
fe8000000000000000fc00fffe000001 02 40 20 80     eth0
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "fib_trie").write_text(FIB)
    (tmp_path / "if_inet6").write_text(IPV6)
    return tmp_path


def test_addresses_are_those_of_private_networks_that_stay(proc: Path) -> None:
    assert list_addresses(proc / "fib_trie", proc / "if_inet6") == [
        IPv4Address("10.0.0.17"),
        IPv6Address("fd00::2"),
        IPv6Address("fe80::fc:ff:fe00:1"),
    ]


def test_a_computer_without_ipv6_has_those_of_ipv4(proc: Path) -> None:
    found = list_addresses(proc / "fib_trie", proc / "nothing")
    assert found == [IPv4Address("10.0.0.17")]


def test_this_computer_can_be_asked() -> None:
    assert all(is_own(one) and not one.is_loopback for one in list_addresses())


def test_the_host_name_counts_as_routers_know_it() -> None:
    assert list_home_names("Barn.example")[:3] == ["barn.example", "barn", "barn.local"]


def test_names_of_the_settings_are_names_or_addresses() -> None:
    more = ("unit.example.org", "10.9.8.7", "[fd00::7]")
    found = list_names("barn", more, [ip_address("10.0.0.17")])
    assert found.hosts[0] == "localhost"
    assert found.hosts[-1] == "unit.example.org"
    assert {"10.9.8.7", "10.0.0.17", "127.0.0.1"} <= set(map(str, found.addresses))


def test_a_name_that_no_certificate_can_hold_is_left_out() -> None:
    assert list_names("-käse", (), ()).hosts == ("localhost",)
