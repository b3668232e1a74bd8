"""Fetching one document from the web, within limits of size, time and place."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message

import httpx

from jobs.sources.network import GuardedTransport
from recommender.errors import SourceError

__all__ = ["MAX_BODY_BYTES", "MAX_REDIRECTS", "TIME_LIMIT_S", "Fetched", "fetch"]

TIME_LIMIT_S = 20.0
"""For one document, from the first look-up to the last byte."""

MAX_BODY_BYTES = 32_000_000
"""Of a document, decoded from the encoding of its transfer."""

MAX_REDIRECTS = 5

_CONNECT_LIMIT_S = 5.0
_HEADERS = {"User-Agent": "recommender (article import)", "Accept-Encoding": "gzip"}
_OK = 200
_SERVER_ERRORS = 500
_SIGN_IN = {401, 403}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as the web server sent it.

    Attributes
    ----------
    url : str
        Its address after redirects, without credentials.
    media_type, charset : str
        What the server says it is, in lower case; empty where it says nothing.
    links : mapping
        What it links to in its headers, by relation.
    pages : int or None
        How many pages there are, as WordPress says with each; None where that is not said.
    body : bytes
        At most `MAX_BODY_BYTES`.
    """

    url: str
    media_type: str
    charset: str
    links: Mapping[str, str]
    pages: int | None
    body: bytes


def fetch(address: str, *, allow_private_networks: bool) -> Fetched:
    """Fetch an http or https URL, following redirects; credentials in it are sent as basic authentication.

    Raises
    ------
    SourceError
        When it cannot be had within the limits, or is in a private network and those are not allowed.
    """
    shown = address.rpartition("@")[2]
    transport = GuardedTransport(time_limit_s=TIME_LIMIT_S, allow_private_networks=allow_private_networks)
    timeout = httpx.Timeout(TIME_LIMIT_S, connect=_CONNECT_LIMIT_S)
    try:
        url = httpx.URL(address)
        shown = _without_credentials(url)
        with (
            httpx.Client(transport=transport, timeout=timeout, headers=_HEADERS, trust_env=False) as client,
            contextlib.closing(_answer(client, url)) as response,
        ):
            return _document(response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"cannot fetch {shown}: {error}") from error


def _answer(client: httpx.Client, url: httpx.URL) -> httpx.Response:
    # Credentials are taken out of the address, which libraries log.
    credentials = httpx.BasicAuth(url.username, url.password) if url.userinfo else None
    response = client.send(client.build_request("GET", _without_credentials(url)), stream=True, auth=credentials)
    # The client would read the body of a redirect whole, however long.
    for _ in range(MAX_REDIRECTS):
        if response.next_request is None:
            break
        response.close()
        response = client.send(response.next_request, stream=True)
    return response


def _document(response: httpx.Response) -> Fetched:
    url = _without_credentials(response.url)
    if response.next_request is not None:
        raise SourceError(f"{url} redirects again, after {MAX_REDIRECTS} redirects; check the address")
    if response.status_code != _OK:
        raise SourceError(f"{url} answers {response.status_code} {response.reason_phrase}; {_advice(response)}")
    content_type = Message()
    content_type["Content-Type"] = response.headers.get("Content-Type", "")
    named = "Content-Type" in response.headers
    return Fetched(
        url=url,
        media_type=content_type.get_content_type() if named else "",
        charset=(content_type.get_content_charset() or "") if named else "",
        links={relation: link["url"] for relation, link in response.links.items() if relation and "url" in link},
        pages=_number(response.headers.get("X-WP-TotalPages", "")),
        body=_body(response, url),
    )


def _advice(response: httpx.Response) -> str:
    if response.status_code >= _SERVER_ERRORS:
        return "try again later"
    if response.status_code in _SIGN_IN:
        return "it wants a sign-in, or refuses programs: give https://user:password@host/..., or have it opened for us"
    return "check the address"


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _body(response: httpx.Response, url: str) -> bytes:
    body = bytearray()
    for chunk in _decoded(response, url):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise SourceError(f"{url} is longer than {MAX_BODY_BYTES:,} bytes; import it from a file")
    return bytes(body)


def _decoded(response: httpx.Response, url: str) -> Iterator[bytes]:
    encoding = (response.headers.get("Content-Encoding") or "identity").lower()
    if encoding == "identity":
        yield from response.iter_raw()
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise SourceError(f"{url} is encoded as {encoding}, which was not asked for")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in response.iter_raw():
            # One byte more than is taken shows that it is too long, however much more there is.
            yield unpacker.decompress(chunk, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise SourceError(f"{url} sends damaged compressed data") from error
    if not unpacker.eof or unpacker.unused_data:
        raise SourceError(f"{url} breaks off, or sends more than its compressed data")


def _without_credentials(url: httpx.URL) -> str:
    return str(url.copy_with(userinfo=b""))
