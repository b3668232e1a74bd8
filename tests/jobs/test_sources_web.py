"""Sources on the web: what is fetched, within which limits, and what never is."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import ssl
import subprocess
import tracemalloc
import zlib
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from jobs.sources import Record, Unreadable, read_source
from jobs.sources.fetch import MAX_BODY_BYTES, MAX_REDIRECTS, fetch
from jobs.sources.network import is_public
from jobs.sources.sitemap import MAX_CHILDREN
from recommender.errors import SourceError
from tests.jobs.web import Web

LINE = json.dumps({"id": "1", "title": "T", "url": "https://news.example/1"}).encode() + b"\n"
FEED = (
    b"<rss><channel><item><title>T</title><link>/1</link><media:thumbnail xmlns:media='http://search.yahoo.com/mrss/' "
    b"url='1.jpg'/></item></channel></rss>"
)
SITEMAP = (
    b"<urlset xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'><url><loc>https://news.example/1</loc>"
    b"<news:news><news:title>T</news:title></news:news></url></urlset>"
)


def read(url: str) -> list[Record | Unreadable]:
    return list(read_source(url, allow_private_networks=True))


def whole(url: str) -> list[Record]:
    records = [record for record in read(url) if isinstance(record, Record)]
    assert len(records) == len(read(url))
    return records


@pytest.mark.parametrize(
    ("path", "body", "media_type", "first"),
    [
        ("/export", LINE, "text/plain", "line 1"),
        ("/a.jsonl.gz", gzip.compress(LINE), "application/gzip", "line 1"),
        ("/dirty", b"dirt\n" + LINE, "application/x-ndjson", "line 1"),
        ("/export?as=csv", b"id,title,url\n1,T,http://x/\n", "text/csv; charset=utf-8", "row 2"),
        ("/a.csv", b"id,title,url\n1,T,http://x/\n", "application/octet-stream", "row 2"),
        ("/feed/", FEED, "text/html", "entry 1"),
        ("/sitemap.xml.gz", gzip.compress(SITEMAP), "application/x-gzip", "entry 1"),
    ],
    ids=["lines", "packed lines", "dirty lines", "csv", "csv by name", "feed", "packed sitemap"],
)
def test_every_kind_can_come_from_the_web(web: Web, path: str, body: bytes, media_type: str, first: str) -> None:
    """What a file may hold, a URL may too; the kind is told by content, address or media type."""
    assert whole(web.serve(path, body, Content_Type=media_type))[0].where == first


def test_relative_links_of_a_feed_are_resolved(web: Web) -> None:
    """Links and images count from where the feed was found in the end."""
    web.serve("/feeds/all", FEED)
    (record,) = whole(web.redirect("/feed", "/feeds/all"))
    assert not isinstance(record.fields, bytes)
    assert record.fields["url"] == f"{web.url}/1"
    assert record.fields["image_url"] == f"{web.url}/feeds/1.jpg"


def test_an_image_without_a_usable_address_is_left_to_the_validation(web: Web) -> None:
    """It does not stop the reader."""
    (record,) = whole(web.serve("/feed", FEED.replace(b"1.jpg", b"http://[")))
    assert not isinstance(record.fields, bytes)
    assert record.fields["image_url"] == "http://["


def test_the_encoding_that_the_server_names_is_used(web: Web) -> None:
    """A feed need not declare what the server says already."""
    feed = "<rss><channel><item><title>Grün</title></item></channel></rss>".encode("latin-1")
    (record,) = whole(web.serve("/feed", feed, Content_Type="application/rss+xml; charset=ISO-8859-1"))
    assert not isinstance(record.fields, bytes)
    assert record.fields["title"] == "Grün"


def test_an_answer_packed_for_the_way_is_unpacked(web: Web) -> None:
    """Content-Encoding gzip is asked for and undone."""
    assert whole(web.serve("/a.jsonl", gzip.compress(LINE), Content_Encoding="gzip"))[0].fields == LINE


def test_the_client_says_who_it_is_and_asks_no_proxy(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's proxies are not used: they would connect to any address."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    read(web.serve("/a.jsonl", LINE))
    assert web.requests[0][1]["User-Agent"].startswith("recommender")


def test_progress_counts_bytes(web: Web) -> None:
    """The size of what was fetched is the whole."""
    ticks: list[tuple[int, int | None]] = []
    url = web.serve("/a.jsonl", LINE * 100)
    list(read_source(url, allow_private_networks=True, progress=lambda done, total=None: ticks.append((done, total))))
    assert ticks[-1] == (len(LINE) * 100, len(LINE) * 100)


@pytest.mark.parametrize(("status", "advice"), [(404, "check the address"), (503, "try again later")])
def test_an_error_of_the_server_is_told_with_advice(web: Web, status: int, advice: str) -> None:
    """The message has the address, the answer and what to do, but no password."""
    url = web.serve("/feed", FEED, status).replace("://", "://ann:hunter2@")
    with pytest.raises(SourceError, match=f"/feed answers {status} .*; {advice}") as caught:
        read(url)
    assert "hunter2" not in str(caught.value)
    assert web.requests[0][1]["Authorization"].startswith("Basic ")


def test_a_server_that_cannot_be_reached_is_told() -> None:
    """Refused connections, unknown names and addresses that are none are clear errors."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(SourceError, match=r"cannot fetch http://127\.0\.0\.1:.*refused"):
        read(f"http://127.0.0.1:{port}/")
    with pytest.raises(SourceError, match=r"the name no-such-host\.invalid is not known"):
        read("http://no-such-host.invalid/")
    with pytest.raises(SourceError, match=r"the name .* is not known"):
        read(f"http://{'x' * 70}.invalid/")
    for address in ("http://", "http://ann:hunter2@[::1", "http://ann:hunter2@127.0.0.1:99999/"):
        with pytest.raises(SourceError, match="cannot fetch") as caught:
            read(address)
        assert "hunter2" not in str(caught.value)


def test_an_answer_that_breaks_off_is_an_error(web: Web) -> None:
    """Half a document is not imported as if it were whole."""

    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(LINE) * 2))
        handler.end_headers()
        handler.wfile.write(LINE)

    with pytest.raises(SourceError, match="cannot fetch"):
        read(web.answer("/a.jsonl", half))
    with pytest.raises(SourceError, match="breaks off"):
        read(web.serve("/b.jsonl", gzip.compress(LINE)[:-9], Content_Encoding="gzip"))
    with pytest.raises(SourceError, match="more than its compressed data"):
        read(web.serve("/e.jsonl", gzip.compress(LINE) * 2, Content_Encoding="gzip"))
    with pytest.raises(SourceError, match="damaged"):
        read(web.serve("/c.jsonl", LINE, Content_Encoding="gzip"))
    with pytest.raises(SourceError, match="encoded as br"):
        read(web.serve("/d.jsonl", LINE, Content_Encoding="br"))


# Limits


def _endless(handler: BaseHTTPRequestHandler, *headers: tuple[str, str], status: int = 200) -> None:
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.end_headers()
    while True:
        handler.wfile.write(b"\n" * 1_000_000)


def test_a_document_without_end_is_cut_off(web: Web) -> None:
    """Reading stops at the limit."""
    with pytest.raises(SourceError, match="longer than 32,000,000 bytes"):
        read(web.answer("/a.jsonl", _endless))


def test_a_bomb_is_cut_off_before_it_grows(web: Web) -> None:
    """An answer that unpacks to ten times the limit is refused without ever taking that memory."""
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join([packer.compress(b"\n" * 1_000_000) for _ in range(MAX_BODY_BYTES // 100_000)]) + packer.flush()
    url = web.serve("/a.jsonl", bomb, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="longer than 32,000,000 bytes"):
            read(url)
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_BODY_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n", b""])
def test_a_server_that_drips_is_left_in_time(web: Web, monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    """The limit is on the whole, however often a byte arrives, in the headers as in the body."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        while not web.stopping.wait(0.02):
            handler.wfile.write(b"x")

    monkeypatch.setattr("jobs.sources.fetch.TIME_LIMIT_S", 0.3)
    with pytest.raises(SourceError, match="cannot fetch"):
        read(web.answer("/a.jsonl", drip))


def test_redirects_are_followed_so_often_and_no_more(web: Web) -> None:
    """Five hops are allowed; the bodies of redirects are not read."""
    web.serve("/5", LINE)
    for hop in range(1, MAX_REDIRECTS):
        web.redirect(f"/{hop}", f"/{hop + 1}")
    first = web.answer("/0", lambda handler: _endless(handler, ("Location", "/1"), status=302))
    assert whole(first)[0].fields == LINE
    web.redirect("/5", "/6")
    web.serve("/6", LINE)
    with pytest.raises(SourceError, match="redirects again"):
        read(first)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "ws://127.0.0.1/a", "http://[broken"])
def test_redirects_lead_nowhere_but_the_web(web: Web, target: str) -> None:
    """Other schemes are refused on every hop."""
    with pytest.raises(SourceError, match="cannot fetch"):
        read(web.redirect("/a", target))


# Private networks


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0"])
def test_this_machine_is_not_asked_unless_allowed(web: Web, host: str) -> None:
    """However its address is spelled, no request is made, and the message names the setting."""
    web.serve("/feed", FEED)
    with pytest.raises(SourceError, match=r"private network .*RECOMMENDER_ALLOW_PRIVATE_NETWORKS=true"):
        list(read_source(f"http://{host}:{web.server_port}/feed"))
    assert web.requests == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%2", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address: str, public: bool) -> None:
    """Private, local, shared and multicast addresses are not, nor is what merely wraps one."""
    assert is_public(address) is public


class Internet:
    """Stands in for the name service and for the way to one public address, which leads to this machine."""

    ADDRESS = "93.184.215.14"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **names: str) -> None:
        self.asked: list[str] = []
        self._names = {"news.test": self.ADDRESS, self.ADDRESS: "127.0.0.1", **names}
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        self.asked.append(host)
        return self._real(self._names.get(host, host), port, *args, **options)


def test_the_address_that_was_judged_is_the_one_connected_to(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up once a connection: a second answer, which could lead inside, is never asked for."""
    internet = Internet(monkeypatch)
    web.serve("/a.jsonl", LINE)
    fetched = fetch(f"http://news.test:{web.server_port}/a.jsonl", allow_private_networks=False)
    assert fetched.body == LINE
    assert internet.asked == ["news.test", internet.ADDRESS]
    assert web.requests[0][1]["Host"] == f"news.test:{web.server_port}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "inside.test"])
def test_a_redirect_into_a_private_network_is_refused(web: Web, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """The judgement is made on every hop: a public host cannot send the import inside."""
    Internet(monkeypatch, **{"inside.test": "127.0.0.1"})
    web.redirect("/feed", f"http://{host}:{web.server_port}/inside")
    web.serve("/inside", FEED)
    with pytest.raises(SourceError, match="is in a private network"):
        list(read_source(f"http://news.test:{web.server_port}/feed"))
    assert web.paths == ["/feed"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a certificate for news.test, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    path = tmp_path / "news.test.pem"
    options = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    name = "-subj /CN=news.test -addext subjectAltName=DNS:news.test"
    subprocess.run(
        ["openssl", "req", "-x509", *options.split(), *name.split(), "-keyout", path, "-out", path],
        check=True,
        capture_output=True,
    )
    return path


def test_tls_checks_the_name_and_not_the_address(web: Web, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate must be trusted and be for the host that the source names, whatever address it has."""
    Internet(monkeypatch, **{"other.test": Internet.ADDRESS})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    web.serve("/a.jsonl", LINE)
    with pytest.raises(SourceError, match="self-signed certificate"):
        list(read_source(f"https://news.test:{web.server_port}/a.jsonl"))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert list(read_source(f"https://news.test:{web.server_port}/a.jsonl")) == [Record("line 1", LINE)]
    with pytest.raises(SourceError, match=r"not valid for 'other\.test'"):
        list(read_source(f"https://other.test:{web.server_port}/a.jsonl"))


# Sitemap indexes and what XML may not do


def _index(*addresses: str) -> bytes:
    entries = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>'.encode()


def _described(records: list[Record | Unreadable]) -> list[tuple[str, str]]:
    return [(record.where, record.reason if isinstance(record, Unreadable) else "read") for record in records]


def test_the_sitemaps_of_an_index_are_read(web: Web) -> None:
    """One that fails, or is an index itself, is reported and does not cost the others."""
    good = web.serve("/1.xml", SITEMAP)
    packed = web.serve("/2.xml.gz", gzip.compress(SITEMAP))
    index = web.serve("/index.xml", _index(good, web.serve("/gone.xml", b"", 404), web.url + "/index.xml", packed))
    described = _described(read(index))
    assert [where for where, _ in described] == ["sitemap 1, entry 1", "sitemap 2", "sitemap 3", "sitemap 4, entry 1"]
    assert "answers 404" in described[1][1]
    assert "is not a sitemap" in described[2][1]


def test_an_index_is_not_followed_to_other_hosts(web: Web) -> None:
    """Whoever writes an index must not choose whom this machine asks."""
    other = f"http://localhost:{web.server_port}/1.xml"
    described = _described(read(web.serve("/index.xml", _index(other, "file:///etc/passwd", "", "http://["))))
    assert len(described) == 4
    assert all("not on the host 127.0.0.1" in reason for _, reason in described)
    assert web.paths == ["/index.xml"]


def test_a_file_with_an_index_keeps_to_the_first_host(web: Web, tmp_path: Path) -> None:
    """A file is on no host, so that its first sitemap tells which one is meant."""
    good = web.serve("/1.xml", SITEMAP)
    (tmp_path / "index.xml").write_bytes(_index(good, f"http://localhost:{web.server_port}/1.xml"))
    described = _described(read(str(tmp_path / "index.xml")))
    assert described[0] == ("sitemap 1, entry 1", "read")
    assert "not on the host" in described[1][1]


def test_an_index_is_followed_so_far_and_no_further(web: Web) -> None:
    """The fifty-first sitemap is reported with all that follow."""
    good = web.serve("/1.xml", SITEMAP)
    described = _described(read(web.serve("/index.xml", _index(*[good] * (MAX_CHILDREN + 10)))))
    assert len(described) == MAX_CHILDREN + 1
    assert "left out" in described[-1][1]
    assert len(web.paths) == MAX_CHILDREN + 1


@pytest.mark.parametrize(
    "document", ["<rss><channel><item><title>&i;</title></item></channel></rss>", "<urlset>&i;</urlset>"]
)
@pytest.mark.parametrize("doctype", ['<!DOCTYPE x [<!ENTITY i SYSTEM "{0}/i">]>', '<!DOCTYPE x SYSTEM "{0}/i">'])
def test_what_xml_refers_to_is_not_fetched(web: Web, document: str, doctype: str) -> None:
    """Neither an external entity nor an external document type causes a request."""
    with pytest.raises(SourceError, match="declares a document type"):
        read(web.serve("/feed", (doctype.format(web.url) + document).encode()))
    assert web.paths == ["/feed"]
