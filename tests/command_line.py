"""What the tests of the command line share: how a program ended, and a written town."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust.devpki import Town

PAYLOAD = '{"order": 77, "item": "消火栓"}'.encode()


class Ran(NamedTuple):
    """How a program ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON, an object per line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


class Place(NamedTuple):
    """A written town: its folder, and options that name its keys and its trust."""

    folder: Path
    town: Town

    @property
    def trust(self) -> tuple[str, str]:
        return "--trust", str(self.folder / "trust")

    def key(self, name: str = "town-seal.p12") -> tuple[str, ...]:
        return "--key", f"pkcs12:{self.folder / name}", "--secret-file", str(self.folder / "password.txt")


class Aged(NamedTuple):
    """An old town, the address of its time stamps, and what was sealed when it was young, by format and level."""

    place: Place
    tsa: str
    sealed: dict[tuple[str, str], bytes]

    @property
    def online(self) -> tuple[str, ...]:
        """Options for trust, time stamps, and servers on loopback."""
        return (*self.place.trust, "--tsa", self.tsa, "--allow-private")


class Silent(NamedTuple):
    """A server that never answers: its listening socket, and its address."""

    listener: socket.socket
    url: str
