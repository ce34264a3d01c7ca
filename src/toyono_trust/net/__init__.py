"""``Http``: the one client that speaks HTTP, handed in by the caller; nothing is fetched without it."""

from __future__ import annotations

from toyono_trust.net.client import Http

__all__ = ["Http"]
