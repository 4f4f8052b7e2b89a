"""A real nginx in a folder of its own, and a person behind it."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

OF_ROOT = ("/usr/sbin", "/usr/local/sbin")
AROUND = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def certificate(folder: Path) -> None:
    """A certificate of our own making, under the names that the page gives."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=loyalty.example.org",
         "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


@contextmanager
def nginx(program: str, folder: Path, server: str, port: int) -> Iterator[None]:
    """nginx with this server in its configuration, which `nginx -t` has found right."""
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(folder=folder, server=server))
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", configuration]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen(command)
    try:
        until_listening(port)
        yield
    finally:
        process.terminate()
        process.wait(20)


def until_listening(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Person:
    """A browser: it keeps cookies, says where it comes from, and sends forms as they are drawn."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = CookieJar()
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trusting),
            urllib.request.HTTPCookieProcessor(self.cookies),
            urllib.request.ProxyHandler({}),
        )

    def get(self, path: str) -> tuple[int, str]:
        return self._open(urllib.request.Request(self.address + path))

    def send(self, path: str, **typed: str) -> tuple[int, str]:
        """Open the page, and send its form to the same address."""
        page = self.get(path)[1]
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None, page
        return self.post(path, urlencode({"csrf_token": token[1], **typed}))

    def post(self, path: str, body: str) -> tuple[int, str]:
        headers = {"Referer": self.address + path, "Origin": self.address}
        return self._open(urllib.request.Request(self.address + path, body.encode(), headers))

    def until(self, path: str, status: int, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while (answer := self.get(path))[0] != status:
            assert time.monotonic() < deadline, answer
            time.sleep(0.2)

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except URLError as error:
            return 0, str(error)


def half_sent(port: int, count: int) -> list[ssl.SSLSocket]:
    """So many clients that announce a form, send half of it, and wait."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    clients = []
    for _ in range(count):
        client = trusting.wrap_socket(socket.create_connection(("127.0.0.1", port), 10))
        client.sendall(
            b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=half"
        )
        clients.append(client)
    return clients


def nginx_program() -> str | None:
    return shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], *OF_ROOT]))
