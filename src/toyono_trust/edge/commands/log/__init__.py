"""``toyono-trust log``: the evidence log. Each subcommand's module is imported when it is asked for."""

from __future__ import annotations

from toyono_trust.edge.lazy import LazyGroup
from toyono_trust.edge.options import SETTINGS

__all__ = ["SUBCOMMANDS", "log"]

SUBCOMMANDS: dict[str, tuple[str, str, str]] = {
    "create": ("create", "create", "Make a log and its key, certified by an organisation's seal."),
    "append": ("append", "append", "Put receipts and other evidence into a log."),
    "checkpoint": ("checkpoint", "checkpoint", "Sign the log's present state, once or again and again."),
    "stamp": ("stamp", "stamp", "Have what is signed and not stamped time-stamped."),
    "prove": ("prove", "prove", "Write the proof of one entry, which verifies alone."),
    "audit": ("audit", "audit", "Recompute a log, and name the first entry that is not what it was."),
    "show": ("show", "show", "Show size, root, last checkpoint and what is not yet proven."),
    "export": ("export", "export", "Write a whole log into one file."),
    "import": ("export", "import_", "Make a log of what export wrote."),
    "tiles": ("tiles", "tiles", "Write a log as static files, which any web server serves."),
    "monitor": ("monitor", "monitor", "Follow somebody else's log, and alarm at a fork."),
    "fork": ("fork", "fork", "Check a proof that a log signed two histories."),
    "witness": ("witness", "witness", "Cosign what a log signs, as another organisation."),
    "forget": ("forget", "forget", "Destroy the salt of an entry, so that nobody can say what it is."),
}
"""By name: module of this package, attribute, one line of help."""


_HELP = """The evidence log: append-only, signed, audited by anybody.

ADDRESS is the log's SQLite file, or postgresql://… for a schema of a database. Passwords of a database come from
PGPASSWORD, ~/.pgpass or a service file, as for every PostgreSQL program.

\b
A log in five commands:
  toyono-trust log create town.log --name log.town.example --key-out log.key > log.pub
  toyono-trust log append town.log order.json.receipt.json
  toyono-trust log checkpoint town.log --key log.key
  toyono-trust log prove town.log order.json.receipt.json
  toyono-trust log audit town.log --log-key log.pub
"""

log = LazyGroup("log", __name__, SUBCOMMANDS, help=_HELP, context_settings=SETTINGS)
"""The group ``toyono-trust log``."""
