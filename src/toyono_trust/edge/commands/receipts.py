"""``toyono-trust receipts``: what the receipts of one message prove together, for each recipient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    FAILED,
    PASSED,
    UNDECIDED,
    USAGE,
    Command,
    Complaint,
    default_language,
    json_line,
    moment,
    read,
    time_zone,
)
from toyono_trust.edge.options import POLICY, SETTINGS, lang_option, policy_of, trust_of, trust_paths

if TYPE_CHECKING:
    from toyono_trust.core.content import Content
    from toyono_trust.delivery.sets import SetReport
    from toyono_trust.delivery.sets.report import Outcome

__all__ = ["receipts"]

BESIDE = (".p7s", ".opening", ".proof", ".ers")
"""Of files beside a receipt: the seal of one in XML, what opens its entry in a log, and the proofs of that."""
OUTCOMES = ("submitted", "relayed", "accepted", "available", "handed-over", "rejected", "expired", "unknown")


@click.command("receipts", cls=Command, context_settings=SETTINGS)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--content", "contents", multiple=True, metavar="FILE|DIR", help="What was delivered, by its name in the"
              " receipts, as far as it is at hand.")  # fmt: skip
@click.option("--expect", type=click.Choice(OUTCOMES), help="The outcome that every recipient must have.")
@click.option("--trust", multiple=True, metavar="PATH", help="Trust folder, packed folder or root certificate.")
@click.option("--policy", metavar="FILE|NAME", help=f"Validation policy for the seals: {POLICY}")
@click.option("--at", metavar="DATE|RFC3339", help="Validation time; a date is its last second.  [default: now]")
@click.option(
    "--tz", "zone", metavar="ZONE", help="Time zone of texts and --at, e.g. Asia/Tokyo.  [default: this machine's]"
)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Text for people, or one JSON object.")  # fmt: skip
@lang_option
def receipts(
    files: tuple[str, ...],
    contents: tuple[str, ...],
    expect: Outcome | None,
    trust: tuple[str, ...],
    lang: Language | None,
    **given: Any,
) -> int:
    r"""Verify the receipts of one message together, offline, and say what they prove for each recipient.

    Each receipt is verified alone; then the rules between them: one message, one submission, one content, outcomes
    that exclude each other, order, relays, nothing after the end. For each recipient follow the facts proven, those
    that receipts say and do not prove, and the weakest link. Of a receipt in XML name the XML: its seal, x.xml.p7s, is
    taken from beside it.

    \b
    Examples:
      toyono-trust receipts *.receipt.json --trust town/trust
      toyono-trust receipts sent.json relayed.json handed.xml --content order.json --expect handed-over \
          --trust town/trust --lang ja

    \b
    Exit codes:
      0 every receipt passes, they agree, and every recipient has the outcome expected
      1 a receipt fails, or they contradict each other · 2 undecided, a file is no receipt, or another outcome
      64 wrong usage · 66 a file cannot be read · 70 internal error
    """
    from toyono_trust import TrustStore
    from toyono_trust.delivery.sets import verify_set

    language = lang or default_language()
    zone = time_zone(given["zone"])
    at = datetime.now(UTC) if given["at"] is None else moment(given["at"], zone, "--at")
    report = verify_set(
        [_receipt(name) for name in _alone(files)],
        _parts(contents),
        policy=policy_of(given["policy"]),
        trust=trust_of(trust_paths(trust, language)) or TrustStore.empty(),
        at=at,
        names=_alone(files),
    )
    missed = [one for one in report.recipients if expect is not None and one.outcome != expect]
    if given["format"] == "json":
        value = report.to_json() | {"files": list(_alone(files)), "expected": expect}
        click.echo(json_line(value | {"as_expected": None if expect is None else _fulfilled(report, expect)}))
    else:
        from toyono_trust.edge.words import LABELS, said

        click.echo(report.text_in(language, zone))
        for one in missed:
            click.echo(said(LABELS["set-missed"], language, recipient=one.recipient or "?", expected=expect))
    if report.indication in ("TOTAL-FAILED", "FAILED"):
        return FAILED
    passed = report.indication == "TOTAL-PASSED" and (expect is None or _fulfilled(report, expect))
    return PASSED if passed else UNDECIDED


def _fulfilled(report: SetReport, expect: Outcome) -> bool:
    """Whether every recipient has this outcome; where there is no recipient nobody has."""
    return bool(report.recipients) and all(one.outcome == expect for one in report.recipients)


def _alone(files: Sequence[str]) -> list[str]:
    """The receipts named, without what lies beside one that is named as well (as ``*`` does)."""
    named = set(files)
    return [name for name in files if not any(name.removesuffix(end) in named - {name} for end in BESIDE)]


def _receipt(name: str) -> bytes | tuple[bytes, bytes]:
    """A receipt in JSON; of one in XML the seal beside it and the document."""
    from toyono_trust.core.limits import MAX_FILE
    from toyono_trust.delivery import xml

    octets = read(name, MAX_FILE + 1)
    if name.endswith(".p7s") and Path(name.removesuffix(".p7s")).is_file():
        return octets, read(name.removesuffix(".p7s"), MAX_FILE + 1)
    if not xml.is_evidence(octets):
        return octets
    seal = f"{name}.p7s"
    if not Path(seal).is_file():
        raise Complaint(USAGE, "no-seal", file=name, seal=seal)
    return read(seal, MAX_FILE + 1), octets


def _parts(names: tuple[str, ...]) -> dict[str, bytes | Content]:
    from toyono_trust.core.content import FileContent
    from toyono_trust.edge.judging import presented

    return {name: FileContent(path) for name, path in presented(names).items()}
