"""The errors that callers meet. The tree follows whose fault it is, and every error carries a code and a hint.

``MisuseError``: the caller's code. ``MalformedError``: the bytes. ``UnavailableError``: a TSA, key device, store or
network. ``NotVerified`` (the signature, against a policy) lives beside ``Report`` in ``validation.report``.
``OSError`` of the caller's own files passes through unchanged.
"""

from __future__ import annotations

__all__ = ["MalformedError", "MisuseError", "TrustError", "UnavailableError"]


class TrustError(Exception):
    """Base of all errors of this package.

    Attributes:
        code: stable dotted identifier, e.g. ``"tsa.wrong-nonce"``; programs may rely on it.
        message: one English sentence saying what is wrong.
        hint: one English sentence saying what to do; may be empty.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        hint = f" · hint: {self.hint}" if self.hint else ""
        return f"{self.message} [{self.code}]{hint}"


class MisuseError(TrustError, ValueError):
    """The caller's code is wrong (argument, key, certificate or policy). Raised before any work; do not retry."""


class MalformedError(TrustError, ValueError):
    """The bytes are not what they claim to be. Raised by parsers only; ``verify()`` turns it into a finding."""

    def __init__(self, code: str, message: str, hint: str = "", *, offset: int | None = None) -> None:
        super().__init__(code, message, hint)
        self.offset = offset
        """Byte offset in the parsed input at which reading stopped, where known."""


class UnavailableError(TrustError):
    """Something outside did not answer, or answered wrongly.

    Attributes:
        retryable: True where the same call may succeed later (no answer); False for a wrong answer.
    """

    def __init__(self, code: str, message: str, hint: str = "", *, retryable: bool = True) -> None:
        super().__init__(code, message, hint)
        self.retryable = retryable
