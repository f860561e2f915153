"""Which addresses are the public Internet, and not this machine, its neighbours, or a cloud's door to its secrets. [pure]"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: how a host with IPv6 only reaches an IPv4 address


def is_public(address: str) -> bool:
    """Whether a numeric `address`, as ``getaddrinfo`` tells it, is that of a public host.

    Not public: loopback, private, link-local (169.254.169.254 is where clouds keep credentials), shared (100.64/10, where Alibaba Cloud
    does), unspecified, multicast, reserved, the same written as IPv6, and tunnels (Teredo, 6to4). What is no address is not either.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast
    inside = ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
    return is_public(str(inside)) if inside else _is_public_6(ip)


def _is_public_6(ip: IPv6Address) -> bool:
    # is_global also says yes to what is given to nobody, to 6to4 and to fec0::/10. All unicast so far is in 2000::/3 (RFC 4291).
    given = ip in IPv6Network("2000::/3")
    return given and ip.is_global and ip.sixtofour is None
