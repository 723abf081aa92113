"""How connections come about: names resolved, addresses guarded, certificates verified."""

# Twisted calls methods like endpointForURI, and is typed in parts only.
# ruff: noqa: N802, N803, SLF001
# mypy: disallow-untyped-calls=False

import asyncio
import ipaddress
import socket
import time
from collections.abc import Sequence
from typing import Any

from OpenSSL import SSL
from twisted.internet import ssl
from twisted.internet._sslverify import ClientTLSOptions
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import (
    IHostnameResolver,
    IHostResolution,
    IOpenSSLClientConnectionCreator,
    IReactorPluggableNameResolver,
)
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer  # type: ignore[import-untyped]

from newsarchive.crawl.download.ssrf import Guard

CONNECT_SECONDS = 20.0
MOST = 4_096
"""Endpoints that are remembered: looking a host's name over takes longer than all the rest of a request to it."""
REMEMBER_SECONDS = 300.0
"""How long the addresses of a name are used: getaddrinfo does not tell their time to live."""


class NotPublicError(ConnectError):
    """A host leads to no public address."""


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """What the operating system is asked cannot be taken back."""


@implementer(IHostnameResolver)
class Resolver:
    """Asks the operating system in a thread, and remembers; both address families."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, list[Any]]] = {}

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """Tell the receiver every address of a host."""
        del addressTypes, transportSemantics
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        until, known = self._known.get(hostName, (0.0, []))
        if time.monotonic() < until:
            _tell(resolutionReceiver, known, portNumber)
        else:
            task = asyncio.ensure_future(self._ask(resolutionReceiver, hostName, portNumber))
            resolution.task = task  # type: ignore[attr-defined] # asyncio itself keeps no hold of it
        return resolution

    async def _ask(self, receiver: Any, host: str, port: int) -> None:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, 0, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if addresses:
            self._known[host] = (time.monotonic() + REMEMBER_SECONDS, addresses)
        _tell(receiver, addresses, port)


def _tell(receiver: Any, addresses: Sequence[str], port: int) -> None:
    for address in addresses:
        six = ipaddress.ip_address(address.partition("%")[0]).version == 6
        receiver.addressResolved((IPv6Address if six else IPv4Address)("TCP", address, port))
    receiver.resolutionComplete()


@implementer(IReactorPluggableNameResolver)
class _Guarded:
    """The reactor as an endpoint for one host sees it: it connects to no address that the guard forbids."""

    def __init__(self, reactor: Any, resolver: Resolver, guard: Guard, host: str) -> None:
        self._reactor = reactor
        self._guard = guard
        self._host = host
        self.nameResolver = resolver

    def connectTCP(self, host: str, port: int, factory: Any, timeout: float, bindAddress: Any) -> Any:
        """Connect to an address, which is what `host` is by now."""
        if objection := self._guard.objection(self._host, host):
            raise NotPublicError(string=objection)
        return self._reactor.connectTCP(host, port, factory, timeout=timeout, bindAddress=bindAddress)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


@implementer(IAgentEndpointFactory)
class Endpoints:
    """Where Twisted's Agent connects to for a URL: only where the guard allows."""

    def __init__(self, reactor: Any, guard: Guard) -> None:
        self._reactor = reactor
        self._guard = guard
        self._resolver = Resolver()
        self._verified = ssl.CertificateOptions(trustRoot=ssl.platformTrust())
        self._unverified = ssl.CertificateOptions()
        self._known: dict[tuple[bytes, bytes, int], Any] = {}

    def endpointForURI(self, uri: Any) -> Any:
        """The endpoint of a URL. The agent asks for each request, also where it has a connection."""
        key = (uri.scheme, uri.host, uri.port)
        endpoint = self._known.get(key)
        if endpoint is None:
            if len(self._known) >= MOST:
                self._known.clear()
            endpoint = self._known[key] = self._endpoint(*key)
        return endpoint

    def _endpoint(self, scheme: bytes, name: bytes, port: int) -> Any:
        host = name.decode("ascii")
        reactor = _Guarded(self._reactor, self._resolver, self._guard, host)
        endpoint: Any = HostnameEndpoint(reactor, host, port, CONNECT_SECONDS)
        return wrapClientTLS(self._creator(host), endpoint) if scheme == b"https" else endpoint

    def _creator(self, host: str) -> Any:
        # One context for all hosts: a context of its own for each, as Twisted's public function makes it, would load
        # the system's certificate authorities a thousand times for a thousand sites.
        if self._guard.is_private(host):
            return _Unverified(self._unverified._makeTLSConnection, host)
        return ClientTLSOptions(self._verified._makeTLSConnection, host)


@implementer(IOpenSSLClientConnectionCreator)
class _Unverified(ClientTLSOptions):
    """For hosts of the owner's own: no public authority signs for a private address."""

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:
        connection = super().clientConnectionForTLS(tlsProtocol)
        connection.set_verify(SSL.VERIFY_NONE, lambda *_: True)
        return connection
