"""A real nginx before the service, set up as the documentation says."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from flask import Flask, request
from werkzeug.serving import BaseWSGIServer, make_server

from recommender.service import Service
from tests.experiments import trying
from tests.newsroom import article
from tests.running import free_port

Publish = Callable[..., None]

EXAMPLES = Path(__file__).parents[2] / "docs" / "embedding"


@pytest.fixture
def asked(app: Flask) -> list[str]:
    """The addresses that the service was asked for."""
    addresses: list[str] = []
    app.before_request(lambda: addresses.append(request.full_path))
    return addresses


@pytest.fixture
def origin(app: Flask, publish: Publish) -> Iterator[BaseWSGIServer]:
    """The service with twenty articles, on a port of its own."""
    publish(*(article(f"a{number}", published_at=datetime.now(UTC)) for number in range(20)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(server.serve_forever, 0.05)
        yield server
        server.shutdown()
    server.server_close()


def address_of(origin: BaseWSGIServer) -> str:
    return f"http://127.0.0.1:{origin.server_port}"


@contextmanager
def nginx(example: str, service: str, directory: Path) -> Iterator[str]:
    """Run nginx with a configuration of the documentation; yield its address."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs nginx")
    port = free_port()
    server = (EXAMPLES / example).read_text()
    for before, after in [
        ("127.0.0.1:8000", service.removeprefix("http://")),
        ("listen 80", f"listen 127.0.0.1:{port}"),
        ("/var/cache/nginx/boxes", f"{directory}/boxes"),
        ("/var/www/news", f"{directory}"),
    ]:
        assert before in server or before == "/var/www/news"
        server = server.replace(before, after)
    paths = "".join(
        f"{name}_temp_path {directory}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = directory / "nginx.conf"
    configuration.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; pid {directory}/pid;"
        f"error_log {directory}/error.log; events {{}}"
        f"http {{ access_log off; types {{ text/html html; }} {paths} {server} }}"
    )
    with subprocess.Popen([found, "-e", f"{directory}/error.log", "-c", str(configuration)]) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False) as client:
                client.get(address)
            yield address
        finally:
            process.terminate()


def test_a_cache_in_front_serves_a_whole_site(origin: BaseWSGIServer, asked: list[str], tmp_path: Path) -> None:
    """Two thousand readers of one page at once, and the service is asked about once a second."""
    path = "/v1/widgets?article_id=a1"
    with nginx("nginx-cache.conf", address_of(origin), tmp_path) as cache, httpx.Client(trust_env=False) as client:
        asked.clear()
        started = time.monotonic()

        def read(_: int) -> tuple[int, int]:
            answer = client.get(cache + path)
            return answer.status_code, len(answer.json()["related"]["items"])

        with ThreadPoolExecutor(8) as readers:
            answers = Counter(readers.map(read, range(2000)))
        elapsed = time.monotonic() - started
        assert answers == {(200, 6): 2000}
        assert 1 <= asked.count(path) <= elapsed + 2
        packed = client.get(cache + path, headers={"Accept-Encoding": "gzip"})
        assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
        again = client.get(cache + path, headers={"If-None-Match": packed.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_cache_in_front_never_mixes_variants(origin: BaseWSGIServer, tmp_path: Path, service: Service) -> None:
    """Each variant is a list of its own in a shared cache, and each answer names its variant."""
    service.experiments.start(trying.request(), by="anna")
    with nginx("nginx-cache.conf", address_of(origin), tmp_path) as cache, httpx.Client(trust_env=False) as client:
        for variant in (None, "calm_control", "calm_viewed") * 3:
            path = f"/v1/widgets?article_id=a1{f'&variant={variant}' if variant else ''}"
            assert client.get(cache + path).json()["variant"] == variant


def test_pages_are_put_together_by_nginx(origin: BaseWSGIServer, tmp_path: Path) -> None:
    """The include becomes plain links; a wrong value or a service that is away becomes nothing, never an error text."""
    (tmp_path / "story.html").write_text(
        '<h1>A</h1><!--# block name="no-box" --><!--# endblock -->'
        '<!--# include virtual="/boxes/related?article_id=a1&limit=4" stub="no-box" -->'
        '<!--# include virtual="/boxes/trending?limit=zero" stub="no-box" --><p>End</p>'
    )
    with nginx("nginx-ssi.conf", address_of(origin), tmp_path) as site:
        page = httpx.get(f"{site}/story.html", trust_env=False).text
        assert page.count(" href=") == 4
        assert "error" not in page
        assert page.endswith("<p>End</p>")
    shutil.rmtree(tmp_path / "boxes")
    with nginx("nginx-ssi.conf", f"http://127.0.0.1:{free_port()}", tmp_path) as site:
        assert httpx.get(f"{site}/story.html", trust_env=False).text == "<h1>A</h1><p>End</p>"


def test_a_cache_bridges_our_absence(origin: BaseWSGIServer, tmp_path: Path) -> None:
    """While the service is down the last lists are served on."""
    path = "/v1/trending?limit=3"
    with nginx("nginx-cache.conf", address_of(origin), tmp_path) as cache, httpx.Client(trust_env=False) as client:
        lists = client.get(cache + path).json()["items"]
        assert len(lists) == 3
        origin.shutdown()
        origin.socket.close()
        deadline = time.monotonic() + 2.5  # past what the answer may be kept for, and be old for
        while time.monotonic() < deadline:
            answer = client.get(cache + path)
            assert (answer.status_code, answer.json()["items"]) == (200, lists)
