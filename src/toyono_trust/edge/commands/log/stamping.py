"""Time stamps for the batches of a log: the options, and what asks for them and tells of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.telling import fault
from toyono_trust.edge.console import SystemZone, say
from toyono_trust.edge.options import POLICY, joined, network_of, network_options, policy_of, trust_of
from toyono_trust.errors import UnavailableError

if TYPE_CHECKING:
    from toyono_trust import Http, Policy
    from toyono_trust.ledger.log import EvidenceLog
    from toyono_trust.ledger.stamping import StampedBatch
    from toyono_trust.signing import Stamping

__all__ = ["Stamper", "batch_value", "batch_values", "stamper_of", "tsa_options"]

tsa_options = joined(
    click.option("--tsa", multiple=True, metavar="URL", help="Time-stamping authority; several are tried in order."),
    click.option("--tsa-policy", metavar="OID", help="Policy that the authority is asked for."),
    click.option("--trust", multiple=True, metavar="PATH", help="Trust under which each time stamp must pass."),
    click.option("--policy", "policy_file", metavar="FILE|NAME", help=f"Policy under which it must: {POLICY}"),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
                 metavar="SECONDS", help="Time allowed for the network."),
    network_options,
)  # fmt: skip


class Stamper:
    """Has batches of one log stamped. A dead authority is told once, and that it is back."""

    def __init__(self, log: EvidenceLog, stamping: Stamping, policy: Policy | None, http: Http, timeout: float) -> None:
        self._log, self._stamping, self._policy, self._http, self._timeout = log, stamping, policy, http, timeout
        self.down = False

    def stamp(self) -> tuple[StampedBatch, ...]:
        """Have all that is under a checkpoint stamped; raises as ``ledger.stamping.stamp``."""
        from toyono_trust.ledger.stamping import stamp
        from toyono_trust.steps import World, run

        world = World(lambda: datetime.now(UTC), os.urandom, time.monotonic, self._http, self._timeout)
        return run(stamp(self._log, self._stamping, self._policy), world)

    def try_to(self, language: Language) -> tuple[StampedBatch, ...]:
        """The same; a missing answer is told, the first time, and the batches are caught up another time."""
        before = self._log.head.stamps
        try:
            done = self.stamp()
        except UnavailableError as error:
            if error.code.startswith("ledger.") and not error.retryable:
                raise
            if not self.down:
                fault(error, language)
                say("log-tsa-down", language, count=self._log.unstamped)
            self.down = True
            return ()
        if self.down and self._log.head.stamps > before:
            say("log-tsa-back", language, count=self._log.head.stamps - before)
        self.down = False
        return done


@contextmanager
def stamper_of(log: EvidenceLog, given: dict[str, Any]) -> Iterator[Stamper | None]:
    """What stamps, by ``tsa_options``; None where no authority is named."""
    if not given["tsa"]:
        if given["trust"] or given["tsa_policy"] or given["policy_file"]:
            raise click.UsageError("--trust, --policy and --tsa-policy are about time stamps: name an authority, --tsa")
        yield None
        return
    from toyono_trust import Http
    from toyono_trust.signing import Stamping

    stamping = Stamping(tuple(given["tsa"]), given["tsa_policy"], "sha256", None, trust_of(given["trust"]))
    with Http(**network_of(given, given["timeout"])) as http:
        yield Stamper(log, stamping, policy_of(given["policy_file"]), http, given["timeout"])


def batch_value(batch: StampedBatch) -> dict[str, Any]:
    """A batch as JSON."""
    from toyono_trust.validation.render import utc

    return {"stamp": batch.number, "first": batch.first, "size": batch.size, "at": utc(batch.at)}


def batch_values(batch: StampedBatch) -> dict[str, object]:
    """The same for a line of text."""
    from toyono_trust.validation.report.finding import local_time

    return {"number": batch.number, "first": batch.first, "last": batch.size - 1,
            "time": local_time(batch.at, SystemZone())}  # fmt: skip
