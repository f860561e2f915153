"""What every network test is held to: no thread and no descriptor stays behind. And a certificate for those with TLS."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword.net import dial as dialling
from firstword.threads import alive

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    before = len(list(DESCRIPTORS.iterdir()))
    yield
    until = time.monotonic() + 3
    while (alive() or len(list(DESCRIPTORS.iterdir())) > before) and time.monotonic() < until:
        time.sleep(0.005)
    assert not alive()
    assert len(list(DESCRIPTORS.iterdir())) <= before


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost, in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", path, "-out", str(path) + ".crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + Path(str(path) + ".crt").read_text())
    return path


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process trusts that certificate, as an operator's own CA: by SSL_CERT_FILE."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    dialling._context.cache_clear()
    yield
    dialling._context.cache_clear()
