"""Serving the page to this machine alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bigtrust.documentation.page import policy_of
from bigtrust.errors import ConfigurationError

_HOST = "127.0.0.1"


@contextmanager
def serving(path: Path, port: int) -> Iterator[str]:
    """Serve the page on 127.0.0.1, and nothing else; gives its address. `port` 0: any that is free.

    Raises ConfigurationError if the port cannot be used.
    """
    text = path.read_text(encoding="utf-8")
    try:
        server = ThreadingHTTPServer((_HOST, port), _handler(text))
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} cannot be used ({error.strerror}). Name another one: --port, or --port 0 for any."
        ) from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{_HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _handler(text: str) -> type[BaseHTTPRequestHandler]:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": f"{policy_of(text)}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    content = text.encode()

    class Handler(BaseHTTPRequestHandler):
        """Answers with the page, if it is asked for by an address of this machine."""

        server_version, sys_version = "bigtrust", ""

        def do_GET(self) -> None:
            """The page, or nothing."""
            port = self.connection.getsockname()[1]
            if self.headers.get("Host") not in (f"{_HOST}:{port}", f"localhost:{port}"):
                self.send_error(HTTPStatus.MISDIRECTED_REQUEST)  # a foreign name that was made to lead here
                return
            if self.path.partition("?")[0] != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Who reads what is written down nowhere."""

    return Handler
