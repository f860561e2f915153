"""From a host name to a connected socket, within one bound.

Names are looked up on a thread of their own (``getaddrinfo`` can not be interrupted, and its own bound is 5 s a try) and kept for a
while. Addresses are tried in the way of RFC 8305: the next one 250 ms after the one before, all in parallel, so an IPv6 that does not
answer costs 250 ms and not the bound.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import certifi

from ..clock import Deadline
from .line import Line
from .public import is_public
from .shared import Fetched, Shared
from .wait import NetError, Wait

STAGGER_S = 0.25  # RFC 8305 section 5: the recommended delay between attempts
FRESH_S, USABLE_S = 30.0, 600.0  # a name's addresses; a renewal happens behind a call, never before it
NAMES = 64  # more than any configuration names

Address = tuple[int, tuple[Any, ...]]  # family, socket address

_names: dict[tuple[str, int], Shared[list[Address]]] = {}
_names_lock = threading.Lock()


def dial(host: str, port: int, *, tls: bool, wait: Wait, deadline: Deadline, public: bool = False) -> Line:
    """A connected `Line`, after the TLS handshake if `tls`.

    Args:
        public: refuse a host one of whose addresses is not public. What was judged is what is connected to: there is no second look-up
            that could bring another address.

    Raises:
        Cancelled: the work was cancelled.
        NetError: unresolved, forbidden, unreachable, tls or timeout.
    """
    place = f"{host}:{port}"
    addresses = _resolve(host, port, wait, deadline)
    if public:
        _refuse_inner(host, addresses)
    sock = _connect(addresses, place, wait, deadline)
    try:
        _tune(sock)
        if tls:
            sock = _shake_hands(sock, host, place, wait, deadline)
        return Line(sock, wait, place)
    except BaseException:
        sock.close()
        raise


def _resolve(host: str, port: int, wait: Wait, deadline: Deadline) -> list[Address]:
    try:
        return _lookup(host, port, socket.AI_NUMERICHOST)  # a literal address needs no thread
    except socket.gaierror:
        pass
    with _names_lock:
        shared = _names.get((host, port))
        if shared is None:
            while len(_names) >= NAMES:
                del _names[next(iter(_names))]
            shared = _names[(host, port)] = Shared("resolve", lambda: _fetch(host, port), wait.clock)
    try:
        return shared.get(wait, deadline, f"looking up the name {host}")
    except socket.gaierror as error:
        raise NetError(f"the name {host} can not be resolved ({error.strerror})", kind="unresolved") from error


def _refuse_inner(host: str, addresses: list[Address]) -> None:
    inner = [str(address[0]) for _, address in addresses if not is_public(str(address[0]))]
    if inner:
        raise NetError(f"{host} is at {inner[0]}, which is no public address", kind="forbidden", retry=False)


def _fetch(host: str, port: int) -> Fetched[list[Address]]:
    return Fetched(_lookup(host, port, 0), FRESH_S, USABLE_S)


def _lookup(host: str, port: int, flags: int) -> list[Address]:
    """The addresses in the order to try: the system's (RFC 6724), with the families taking turns (RFC 8305 section 4)."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError as error:  # an empty label or one over 63 characters
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
    unique = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    first = [item for item in unique if item[0] == unique[0][0]]
    other = [item for item in unique if item[0] != unique[0][0]]
    order: list[Address] = []
    while first or other:
        order += first[:1] + other[:1]
        first, other = first[1:], other[1:]
    return order


def _connect(addresses: list[Address], place: str, wait: Wait, deadline: Deadline) -> socket.socket:
    """The first socket that connects; the others are closed."""
    trying: dict[int, socket.socket] = {}
    refusals: list[OSError] = []
    left = iter(addresses)
    try:
        more, turn = _begin_next(left, trying, refusals), deadline.clock.deadline(STAGGER_S)
        while trying or more:
            seconds = min(turn.left(), deadline.left()) if more else deadline.left()
            ready = wait.pause({fd: select.POLLOUT for fd in trying}, seconds)
            if not ready and deadline.passed():
                _look_again(place)
                raise NetError(f"timed out connecting to {place}", kind="timeout")
            for fd in ready:
                sock = trying.pop(fd)
                failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not failed:
                    return sock
                sock.close()
                refusals.append(OSError(failed, os.strerror(failed)))
            if not trying or (more and turn.passed()):  # a pause may end before: something was given to the connection
                more, turn = _begin_next(left, trying, refusals), deadline.clock.deadline(STAGGER_S)
    finally:
        for sock in trying.values():
            sock.close()
    _look_again(place)
    last = refusals[-1]
    if last.errno == errno.ECONNREFUSED:
        raise NetError(f"nobody listens at {place} (connection refused)", kind="unreachable") from last
    raise NetError(f"{place} can not be reached ({last.strerror})", kind="unreachable") from last


def _look_again(place: str) -> None:
    """Perhaps the addresses have changed."""
    with _names_lock:
        for (host, port), shared in _names.items():
            if f"{host}:{port}" == place:
                shared.forget()


def _begin_next(left: Iterator[Address], trying: dict[int, socket.socket], refusals: list[OSError]) -> bool:
    """Begin a connection to the next address that does not fail at once. Returns whether there was one."""
    for family, address in left:
        try:
            sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        except OSError as error:  # such as a kernel without IPv6
            refusals.append(error)
            continue
        begun = sock.connect_ex(address)
        if begun in (0, errno.EINPROGRESS):
            trying[sock.fileno()] = sock
            return True
        sock.close()
        refusals.append(OSError(begun, os.strerror(begun)))
    return False


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A peer whose machine or cable is gone: the kernel gives up on unacknowledged bytes after 10 s, not after 15 minutes.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    """One for the process: reading the certificates costs 10-30 ms. The system's, or those of ``SSL_CERT_FILE``, and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _shake_hands(sock: socket.socket, host: str, place: str, wait: Wait, deadline: Deadline) -> ssl.SSLSocket:
    wrapped = _context().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    doing = f"in the TLS handshake with {place}"
    try:
        while True:
            try:
                wrapped.do_handshake()
                return wrapped
            except ssl.SSLWantReadError:
                wait.until({wrapped.fileno(): select.POLLIN}, deadline, doing)
            except ssl.SSLWantWriteError:
                wait.until({wrapped.fileno(): select.POLLOUT}, deadline, doing)
    except ssl.SSLCertVerificationError as error:
        wrapped.close()
        text = f"the certificate of {place} is not to be trusted ({error.verify_message})"
        raise NetError(text, kind="tls", retry=False) from error
    except OSError as error:
        wrapped.close()
        raise NetError(f"the TLS handshake with {place} failed ({_reason(error)})", kind="tls") from error
    except BaseException:
        wrapped.close()
        raise


def _reason(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or type(error).__name__
