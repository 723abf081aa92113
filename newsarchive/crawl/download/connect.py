"""Connections of the client: names are resolved, addresses checked by the guard, certificates verified."""

# Twisted calls methods like endpointForURI, and is typed in parts only.
# ruff: noqa: N802, N803, SLF001
# mypy: disallow-untyped-calls=False

import asyncio
import ipaddress
import socket
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from OpenSSL import SSL
from twisted.internet import interfaces, ssl
from twisted.internet._resolver import HostResolution
from twisted.internet._sslverify import ClientTLSOptions
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer  # type: ignore[import-untyped]

from newsarchive.urls.ssrf import AddressGuard

CONNECT_SECONDS = 20.0
MAX_ENDPOINTS = 4_096
"""Endpoints that are cached: creating one takes longer than the rest of a request."""
DNS_TTL = 300.0
"""Seconds for which the addresses of a name are cached: getaddrinfo does not return their time to live."""


class NotPublicError(ConnectError):
    """A host has no public address."""


@implementer(interfaces.IHostnameResolver)
class Resolver:
    """Resolves names by the operating system, in a thread, and caches the addresses of both families."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, list[Any]]] = {}

    def resolveHostName(self, resolutionReceiver: Any, hostName: str, portNumber: int = 0, **_: Any) -> Any:
        """Pass every address of a host to the receiver. Called by Twisted."""
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        until, known = self._known.get(hostName, (0.0, []))
        if time.monotonic() < until:
            _report(resolutionReceiver, known, portNumber)
        else:
            task = asyncio.ensure_future(self._resolve(resolutionReceiver, hostName, portNumber))
            resolution.task = task  # type: ignore[attr-defined] # asyncio itself has no reference to it
        return resolution

    async def _resolve(self, receiver: Any, host: str, port: int) -> None:
        if addresses := await asyncio.to_thread(resolve_addresses, host):
            self._known[host] = (time.monotonic() + DNS_TTL, addresses)
        _report(receiver, addresses, port)


def resolve_addresses(host: str) -> list[str]:
    """Return the IP addresses of a host name; none if it cannot be resolved."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _report(receiver: Any, addresses: Sequence[str], port: int) -> None:
    for address in addresses:
        six = ipaddress.ip_address(address.partition("%")[0]).version == 6
        receiver.addressResolved((IPv6Address if six else IPv4Address)("TCP", address, port))
    receiver.resolutionComplete()


@implementer(interfaces.IReactorPluggableNameResolver)
class _Guarded:
    """The reactor for the endpoint of one host: it connects to no address that the guard refuses."""

    def __init__(self, reactor: Any, resolver: Resolver, guard: AddressGuard, host: str) -> None:
        self._reactor = reactor
        self._guard = guard
        self._host = host
        self.nameResolver = resolver

    def connectTCP(self, host: str, port: int, factory: Any, timeout: float, bindAddress: Any) -> Any:
        """Connect to `host`, which is an address by now. Called by Twisted."""
        if reason := self._guard.refusal_reason(self._host, host):
            raise NotPublicError(string=reason)
        return self._reactor.connectTCP(host, port, factory, timeout=timeout, bindAddress=bindAddress)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


@implementer(IAgentEndpointFactory)
class GuardedEndpoints:
    """Endpoints for Twisted's Agent, which connect only to addresses that the guard allows."""

    def __init__(self, reactor: Any, guard: AddressGuard) -> None:
        self._reactor = reactor
        self._guard = guard
        self._resolver = Resolver()
        self._verified = ssl.CertificateOptions(trustRoot=ssl.platformTrust())
        self._unverified = ssl.CertificateOptions()
        self._get_endpoint = lru_cache(MAX_ENDPOINTS)(self._create_endpoint)

    def endpointForURI(self, uri: Any) -> Any:
        """Return the endpoint of a URL. Called by the agent for each request, even if it has a connection."""
        return self._get_endpoint(uri.scheme, uri.host, uri.port)

    def _create_endpoint(self, scheme: bytes, name: bytes, port: int) -> Any:
        host = name.decode("ascii")
        reactor = _Guarded(self._reactor, self._resolver, self._guard, host)
        endpoint: Any = HostnameEndpoint(reactor, host, port, CONNECT_SECONDS)
        if scheme != b"https":
            return endpoint
        # One context for all hosts: Twisted's public function creates one for each host, and would load the system's
        # certificate authorities a thousand times for a thousand sites.
        if self._guard.is_private(host):
            creator: Any = _Unverified(self._unverified._makeTLSConnection, host)
        else:
            creator = ClientTLSOptions(self._verified._makeTLSConnection, host)
        return wrapClientTLS(creator, endpoint)


class _Unverified(ClientTLSOptions):
    """TLS without verification, for private hosts: no public authority signs for a private address."""

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:
        connection = super().clientConnectionForTLS(tlsProtocol)
        connection.set_verify(SSL.VERIFY_NONE, lambda *_: True)
        return connection
