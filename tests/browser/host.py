"""Somebody else's site: pages of any kind on an origin of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["BOXES", "Host", "hosting"]

BOXES = '<div data-recommender="related"></div><div data-recommender="trending"></div>'


class Host:
    """A site whose pages are made by one function of the article's id.

    Attributes
    ----------
    address : str
        Where it answers.
    page : callable
        Makes the HTML of the page at ``/?id=...``.
    headers : dict of str to str
        Sent with every page.
    """

    def __init__(self, address: str, service: str) -> None:
        self.address = address
        self._service = service
        self.page: Callable[[str], str] = self.plain
        self.headers: dict[str, str] = {}

    def plain(
        self, article_id: str, *, script: str = "", html: str = 'lang="en"', head: str = "", body: str = BOXES
    ) -> str:
        """Return a page with the script tag, with further attributes, and the boxes."""
        name = f'data-article-id="{article_id}"' if article_id else ""
        return (
            f"<!doctype html><html {html}><head><meta charset=utf-8><title>Host</title>"
            f'<meta name="viewport" content="width=device-width">{head}'
            f'<script src="{self._service}/widgets.js" async {name} {script}></script></head>'
            f"<body><main><h1>A page</h1>{body}</main><p id=after>The page goes on.</p></body></html>"
        )


@contextmanager
def hosting(service: str) -> Iterator[Host]:
    """Serve pages that use the service until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            found = self.path.startswith("/?")
            content = host.page(query.get("id", [""])[0]).encode() if found else b""
            self.send_response(200 if found else 204)
            for name, value in host.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any, **kwargs: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = Host(f"http://127.0.0.1:{server.server_port}", service)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield host
        server.shutdown()
        thread.join()
