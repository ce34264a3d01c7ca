"""Who is trusted in tests with foreign programs."""

from peer_town import trust

__all__ = ["trust"]
