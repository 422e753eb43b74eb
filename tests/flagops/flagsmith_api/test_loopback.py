"""Names below .localhost are found also where the system's resolver does not know them."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import requests

from flagops.flagsmith_api.address import checked

SYSTEM = socket.getaddrinfo


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that knows no such name."""

    def resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        if str(host).endswith("localhost"):
            raise socket.gaierror(-2, "Name or service not known")
        return SYSTEM(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


class Hosts(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def test_every_client_reaches_the_printed_address_and_names_its_host() -> None:
    with HTTPServer(("127.0.0.1", 0), Hosts) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            url = f"http://flags.localhost:{server.server_address[1]}"
            with pytest.raises(httpx.ConnectError):
                httpx.get(url, trust_env=False)
            assert checked(url) == url
            assert f"http://{httpx.get(url, trust_env=False).text}" == url
            with requests.Session() as session:
                session.trust_env = False
                assert f"http://{session.get(url, timeout=5).text}" == url
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("url", ["https://flags.example.com", "http://127.0.0.1:8000"])
def test_other_addresses_are_left_to_the_system(url: str) -> None:
    before = socket.getaddrinfo
    checked(url)
    assert socket.getaddrinfo is before
