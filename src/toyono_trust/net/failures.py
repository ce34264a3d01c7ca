"""The errors of exchanges over HTTP; their messages never repeat a path, a query or credentials."""

from __future__ import annotations

from toyono_trust.errors import UnavailableError

__all__ = ["bad_url", "refused", "unavailable"]

_HINTS = {
    "net.timeout": "try again later, or allow more time with Http(timeout=…)",
    "net.refused": "check the address, and that the service is running",
    "net.dns": "check the name, and the connection of this machine",
    "net.tls": "check the server's certificate, or name its authority with Http(tls=…)",
    "net.too-large": "check the address; raise Http(max_bytes=…) only where the answer is really that large",
    "net.redirect": "use the address that the service itself names",
    "net.interrupted": "try again later",
    "net.bad-answer": "check the address",
}


def unavailable(code: str, message: str, *, wrong: bool = False) -> UnavailableError:
    """The error of this code; ``wrong``: there was an answer, and it will not be better next time."""
    return UnavailableError(code, message, _HINTS[code], retryable=not wrong)


def bad_url(reason: str) -> UnavailableError:
    """The error for what is no absolute URL of http or https."""
    return UnavailableError(
        "net.bad-url", f"the URL cannot be used: {reason}", "give an absolute http or https URL", retryable=False
    )


def refused(origin: str, reason: str) -> UnavailableError:
    """The error for a URL in a file that leads where files must not lead."""
    return UnavailableError(
        "net.address-refused",
        f"the URL in the file names {origin}, which is refused: {reason}",
        "if you trust it, name the host with Http(hosts=…) or allow private addresses with Http(allow_private=True)",
        retryable=False,
    )
