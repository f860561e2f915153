from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.net.public import is_public


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "47.96.0.1",
        "223.5.5.5",
        "2400:3200::1",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",  # as DNS64 tells a public IPv4 host
    ],
)
def test_a_host_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.100.100.200", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2002:808:808::1", "2001:0:808:808::1", "4000::1", "100::1"),
        *("", "localhost", "8.8.8", "0x7f000001", "2130706433"),
    ],
)
def test_this_machine_its_neighbours_and_what_is_no_host_are_not(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_written_as_ipv6_is_judged_by_what_it_is(ip: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(0xFFFF_0000_0000 | int(ip))
    assert is_public(str(mapped)) == is_public(str(ip))


@given(st.ip_addresses())
def test_what_is_public_is_global(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert not is_public(str(ip)) or (not ip.is_private and not ip.is_multicast and not ip.is_loopback)
