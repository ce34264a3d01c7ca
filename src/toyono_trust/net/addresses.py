"""Where a URL leads: taken apart once, resolved, special-purpose addresses (RFC 6890) told from public ones."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.net.failures import bad_url, unavailable

__all__ = ["Target", "is_public", "proxy_target", "redirected", "resolve", "take_apart"]

MAX_URL = 8192
"""Octets of a URL; RFC 9110 4.1 asks for at least 8000. An OCSP request in a GET (RFC 6960 A.1) stays below 300."""

_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"[!-\[\]-~]+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
_DOCUMENTATION = ipaddress.ip_network("3fff::/20")
"""RFC 9637; not known to every Python."""


class Target(NamedTuple):
    """A URL taken apart, once; nothing reads the text of the URL again."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, without path and query: what messages may repeat."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def authority(self) -> str:
        """What the field ``Host`` holds (RFC 9110 7.2)."""
        return self.origin.partition("://")[2]


def take_apart(url: str) -> Target:
    """Split ``url`` (RFC 3986) or refuse it; credentials in it are refused and not repeated in the message."""
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise bad_url("it is too long, or holds spaces, controls, backslashes or letters outside ASCII")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise bad_url("its host or port is malformed") from None
    if parts.scheme not in _PORTS:
        raise bad_url("it is neither http nor https")
    if "@" in parts.netloc:
        raise bad_url("it holds credentials")
    if not host or port == 0 or "%" in host:
        raise bad_url("its host or port is malformed")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host.lower(), port or _PORTS[parts.scheme], path)


def proxy_target(url: str) -> Target:
    """A proxy's URL taken apart. Raises ``MisuseError`` "net.bad-option" where it is not ``http://host:port``."""
    try:
        target = take_apart(url)
    except UnavailableError as error:
        raise MisuseError("net.bad-option", "the URL of the proxy is malformed", "give http://host:port") from error
    if target.scheme != "http" or target.path != "/":
        raise MisuseError("net.bad-option", "the URL of the proxy is not http://host:port", "give http://host:port")
    return target


def redirected(target: Target, location: str) -> Target:
    """Where a redirect leads that stays on its host and port, or goes from http to https there (RFC 9110 15.4)."""
    try:
        new = take_apart(urljoin(target.origin + target.path, location))
    except ValueError:
        raise bad_url("the redirect's target is malformed") from None
    same = new.host == target.host
    upgrade = (target.scheme, target.port, new.scheme, new.port) == ("http", 80, "https", 443)
    if same and (upgrade or (new.scheme, new.port) == (target.scheme, target.port)):
        return new
    raise unavailable("net.redirect", f"{target.origin} redirects to another host or port: {new.origin}", wrong=True)


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Addresses of ``host`` in the system's order, within ``seconds``. In a thread: the resolver knows no deadline."""
    found: list[str] = []
    failure: list[Exception] = []

    def look_up() -> None:
        try:
            for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                if (address := str(entry[4][0])) not in found:
                    found.append(address)
        except (OSError, UnicodeError) as error:
            failure.append(error)

    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        thread = threading.Thread(target=look_up, name="toyono-trust resolver", daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if thread.is_alive():
        raise unavailable("net.timeout", f"the name {host} was not resolved in time")
    if failure and isinstance(failure[0], UnicodeError):
        raise bad_url("its host is malformed") from failure[0]
    if failure or not found:
        raise unavailable("net.dns", f"the name {host} cannot be resolved") from (failure[0] if failure else None)
    return found


def is_public(address: str) -> bool:
    """Whether a textual address is globally reachable unicast, IPv4 addresses carried inside IPv6 included."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _LOCAL_NAT64 or ip.is_site_local or ip in _DOCUMENTATION:
            return False
        if ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        else:
            ip = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
