"""A tiny server on loopback that does to each connection what a script says, byte for byte: also what no proper server would."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket, stop: threading.Event) -> None:
        self.sock = sock
        self._stop = stop
        self._rest = b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("the client closed")
            self._rest += more
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def read_head(self) -> str:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.read(1)
        return head.decode()

    def read_request(self) -> tuple[str, bytes]:
        head = self.read_head()
        length = next(
            (int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0
        )
        return head, self.read(length)

    def send(self, data: bytes | str) -> None:
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def answer(self, status: str, body: bytes | str = b"", headers: str = "") -> None:
        body = body.encode() if isinstance(body, str) else body
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)

    def begin_chunks(self) -> None:
        self.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

    def chunk(self, data: bytes | str) -> None:
        data = data.encode() if isinstance(data, str) else data
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def upgrade(self) -> str:
        """Answer a WebSocket handshake. Returns the client's head."""
        head = self.read_head()
        key = next(
            line.split(":", 1)[1].strip() for line in head.splitlines() if line.lower().startswith("sec-websocket-key:")
        )
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
        self.send(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        return head

    def send_frame(self, opcode: int, data: bytes | str = b"", fin: bool = True) -> None:
        self.send(frame(opcode, data, fin))

    def read_frame(self) -> tuple[int, bytes]:
        first, second = self.read(2)
        assert second & 0x80, "a client masks"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.read(8))
        mask = self.read(4)
        data = self.read(length)
        return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))

    def read_until_close(self) -> list[tuple[int, bytes]]:
        frames = []
        with contextlib.suppress(OSError):
            while True:
                frames.append(self.read_frame())
                if frames[-1][0] == CLOSE:
                    break
        return frames

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def hold(self, seconds: float = 30) -> None:
        """Say nothing for so long, or until the test is over."""
        self._stop.wait(seconds)


def frame(opcode: int, data: bytes | str = b"", fin: bool = True) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    head = bytes([opcode | (0x80 if fin else 0)])
    if len(data) < 126:
        head += bytes([len(data)])
    elif len(data) < 65536:
        head += struct.pack("!BH", 126, len(data))
    else:
        head += struct.pack("!BQ", 127, len(data))
    return head + data


Script = Callable[[Peer], Any]


class Loopback:
    """``with Loopback(script) as server``: each connection runs the next of `scripts`, the last one again and again. A script's result
    goes to `results`; an OSError of its ends it quietly, since the client may leave."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None, receive_buffer: int = 0) -> None:
        self._scripts = list(scripts)
        self._tls = tls
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        self.connections = 0
        self.results: list[Any] = []
        self.errors: list[BaseException] = []
        self._listener = socket.socket()
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port: int = self._listener.getsockname()[1]

    @property
    def http(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}/ws/v1"

    def result(self, number: int = 0) -> Any:
        """What script `number` returned, once it has."""
        until = time.monotonic() + 3
        while len(self.results) <= number and time.monotonic() < until:
            time.sleep(0.001)
        return self.results[number]

    def __enter__(self) -> Loopback:
        self._start(self._accept)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        until = time.monotonic() + 0.5  # scripts whose client has left come to their end by themselves
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for sock in self._socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()
        self._listener.close()
        if kind is None:
            assert not self.errors, self.errors

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self._socks.append(sock)
            self._start(lambda sock=sock, script=script: self._serve(sock, script))  # type: ignore[misc]

    def _serve(self, sock: socket.socket, script: Script) -> None:
        try:
            if self._tls is not None:
                raw, sock = sock, self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                self._socks[self._socks.index(raw)] = sock
                sock.do_handshake()  # type: ignore[attr-defined]
            self.results.append(script(Peer(sock, self._stop)))
        except OSError:
            pass
        except BaseException as error:  # noqa: BLE001 - shown at the end
            self.errors.append(error)
        finally:
            sock.close()
