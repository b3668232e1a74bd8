"""The network for addresses that a source names: public hosts only, and one time limit over everything."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore
import httpx

from recommender.errors import SourceError

__all__ = ["GuardedTransport", "is_public"]

_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet, and no IPv4 address in it leads elsewhere."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        ip = _ipv4_within(ip) or ip
    return ip.is_global and not ip.is_multicast and not (isinstance(ip, IPv6Address) and ip.is_site_local)


def _ipv4_within(ip: IPv6Address) -> IPv4Address | None:
    return ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None)


class GuardedTransport(httpx.BaseTransport):
    """Carries the requests of one fetch, redirects included.

    The address is judged where the connection is made and the connection goes to that very address, so that no second
    look-up of the name can lead elsewhere. The name stays the one that TLS checks.

    Parameters
    ----------
    time_limit_s : float
        Seconds from now after which every operation fails.
    allow_private_networks : bool
        Whether addresses that are not public may be connected to.
    """

    def __init__(self, *, time_limit_s: float, allow_private_networks: bool) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            network_backend=_GuardedBackend(_Deadline(time_limit_s), allow_private_networks=allow_private_networks),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises
        ------
        SourceError
            When the host is not public.
        httpx.TransportError
            When it cannot be reached, breaks off or takes too long.
        """
        if request.url.scheme not in {"http", "https"}:
            raise httpx.UnsupportedProtocol(f"leads to {request.url.scheme}:, which is not followed")
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _mapped_errors():
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.read(),
                    extensions=request.extensions,
                )
            )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _mapped_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


@contextmanager
def _mapped_errors() -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise httpx.TransportError(str(error)) from error


class _Deadline:
    def __init__(self, time_limit_s: float) -> None:
        self._time_limit_s = time_limit_s
        self._end = time.monotonic() + time_limit_s

    def within(self, timeout: float | None) -> float:
        """Return how many seconds an operation may take that may take `timeout` at most."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.TimeoutException(f"not done after {self._time_limit_s:g} s")
        return left if timeout is None else min(left, timeout)


class _GuardedBackend(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline, *, allow_private_networks: bool) -> None:
        self._deadline = deadline
        self._allow_private_networks = allow_private_networks
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self._deadline.within(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} is not known: {error}") from error
        addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        for address in addresses:
            if not self._allow_private_networks and not is_public(address):
                raise SourceError(
                    f"{host} is in a private network ({address}); set RECOMMENDER_ALLOW_PRIVATE_NETWORKS=true to allow"
                )
        return addresses


class _TimedStream(httpcore.NetworkStream):
    """A connection that a peer cannot keep busy beyond the deadline by sending a byte now and then."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
