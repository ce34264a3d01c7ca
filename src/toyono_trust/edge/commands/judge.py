"""``toyono-trust judge``: the verdict once more, out of an archive of evidence alone."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    UNREADABLE,
    Command,
    Complaint,
    default_language,
    moment,
    read,
    time_zone,
    worst,
)
from toyono_trust.edge.judging import PAGES, Outcome, Setting, dressed, misused, refused
from toyono_trust.edge.options import POLICY, SETTINGS, lang_option, policy_of, trust_of
from toyono_trust.edge.sheet import Sheet, report_options
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import MalformedError

if TYPE_CHECKING:
    from toyono_trust import Policy, Report, TrustStore
    from toyono_trust.validation.replay import Evidence

__all__ = ["judge"]


@click.command("judge", cls=Command, context_settings=SETTINGS)
@click.argument("archives", nargs=-1, required=True, metavar="EVIDENCE...")
@click.option(
    "--trust",
    multiple=True,
    metavar="PATH",
    help="Your own trust folder, packed folder or root certificate.  [default: the trust in the archive]",
)
@click.option(
    "--policy", metavar="FILE|NAME", help=f"Another validation policy: {POLICY}  [default: the one in the archive]"
)
@click.option("--at", metavar="DATE|RFC3339", help="Another validation time.  [default: the one in the archive]")
@click.option(
    "--simulate",
    is_flag=True,
    help="Say what would be at a later --at, if nothing is added and nothing more revoked; this is no verdict.",
)
@click.option("--tz", "zone", metavar="ZONE", help="Time zone of texts, e.g. Asia/Tokyo.  [default: this machine's]")
@click.option(
    "--format",
    type=click.Choice(["text", "json", "html", "pdf", "etsi-xml"]),
    default="text",
    show_default=True,
    help="Text or a page (HTML, PDF) for people, one JSON object per line for each file, or ETSI TS 119 102-2 (XML).",
)
@report_options
@lang_option
def judge(
    archives: tuple[str, ...],
    trust: tuple[str, ...],
    policy: str | None,
    at: str | None,
    simulate: bool,
    zone: str | None,
    format: str,
    lang: Language | None,
    **given: Any,
) -> int:
    r"""Give verdicts again out of archives of evidence, as verify --save-evidence writes them.

    EVIDENCE holds what was read from a file, the certificates and revocation data, the policy, the trust and the time.
    The report is the one of then, octet for octet in JSON, whatever the machine. With --policy or --at it is the
    verdict that another policy or time would have given. Nothing else is read, nothing is fetched. An archive proves
    nothing by itself: whoever can alter it can alter the verdict, so seal it, or keep it where it cannot be altered.
    Whom it trusts is in it, too: of an archive that others wrote, ask with --trust what your own trust says.

    \b
    Examples:
      toyono-trust judge order.evidence.zip
      toyono-trust judge order.evidence.zip --trust /etc/toyono/trust
      toyono-trust judge order.evidence.zip --format json > again.json
      toyono-trust judge order.evidence.zip --at 2031-04-01 --simulate --lang ja
      toyono-trust judge *.evidence.zip --policy strict.toml --format html --out report.html

    \b
    Exit codes:
      0 everything passed · 1 something failed or is broken · 2 undecided
      64 wrong usage · 66 an archive cannot be read · 70 internal error
    """
    if simulate and at is None:
        raise click.UsageError("--simulate needs a later time: --at")
    if simulate and format == "etsi-xml":
        raise click.UsageError("--format etsi-xml is for validations; a simulation is none")
    language = lang or default_language()
    when = None if at is None else moment(at, time_zone(zone), "--at")
    plain = format == "text" and given["out"] == "-"
    setting = Setting(
        policy=policy, at=when, zone=zone, format=format, language=language, colour=plain and _colourful()
    )
    sheet = Sheet.of(given, setting, archives)
    sheet.check()
    own = Own(trust_of(trust), policy_of(policy))
    codes = []
    for name in archives:
        outcome = _outcome(name, setting, own, simulate=simulate)
        codes.append(outcome.code)
        sheet.take(outcome, name)
    sheet.close()
    return worst(codes)


def _colourful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Own(NamedTuple):
    """What the reader judges by, None for what the archive holds."""

    trust: TrustStore | None
    policy: Policy | None


def _outcome(name: str, setting: Setting, own: Own, *, simulate: bool) -> Outcome:
    from toyono_trust.validation.render import safe
    from toyono_trust.validation.replay import MAX_ARCHIVE, unpack

    try:
        evidence = unpack(read(name, MAX_ARCHIVE + 1))
        report = _judged(evidence, own, setting.at, simulate=simulate)
        remarks = [f"{safe(name)}: {remark}" for remark in _remarks(evidence, own.policy, setting.language)]
        about, chosen = _provenance(name, evidence, own, setting.language)
        if setting.format in PAGES:
            return dressed(report, setting, remarks=(about, chosen))._replace(remark="\n".join(remarks))
        outcome = dressed(report, setting)
        if setting.format == "text":
            return outcome._replace(output=f"{about}\n  {chosen}\n{outcome.output}", remark="\n".join(remarks))
        return outcome._replace(remark="\n".join((about, f"  {chosen}", *remarks)))
    except MalformedError as error:
        return misused(name, UNREADABLE, error, setting)
    except Complaint as complaint:
        return refused(name, complaint, setting)


def _provenance(name: str, evidence: Evidence, own: Own, language: Language) -> tuple[str, str]:
    """What is judged, and by whose trust and policy: an archive that vouches for itself must not look like a file."""
    about = said(LABELS["replay-about"], language, archive=name, file=evidence.file or "-")
    if own.trust is None and own.policy is None:
        return about, said(LABELS["replay-own"], language)
    given = {
        "trust": (None if own.trust is None else own.trust.digest, evidence.trust.digest),
        "policy": (None if own.policy is None else own.policy.digest, evidence.policy.digest),
    }
    words = {}
    for key, (digest, saved) in given.items():
        label = "replay-out" if digest is None else "replay-same" if digest == saved else "replay-other"
        words[key] = said(LABELS[label], language, digest=(digest or saved)[:_SHOWN], saved=saved[:_SHOWN])
    return about, said(LABELS["replay-chosen"], language, **words)


_SHOWN = len("sha256:") + 12
"""Characters of a digest, as in the last line of a report."""


def _judged(evidence: Evidence, own: Own, at: datetime | None, *, simulate: bool) -> Report:
    """The report of then, or the one that other trust, another policy or time would have given."""
    from toyono_trust import verbs
    from toyono_trust.errors import MisuseError

    present = evidence.present if at is None else None
    if simulate and at is not None:
        present = evidence.present or evidence.at
        if at < present:
            raise MisuseError(
                "argument.simulate", "a simulation needs a later time than the archive's", "leave --simulate out"
            )
    report = verbs.judge(
        evidence.facts,
        own.policy or evidence.policy,
        evidence.trust if own.trust is None else own.trust,
        at or evidence.at,
        evidence.work(),
        evidence.material,
        present,
    )
    report.file = evidence.file
    return report


def _remarks(evidence: Evidence, policy: Policy | None, language: Language) -> list[str]:
    """Why the report may differ from the one of then, though nothing else was asked for."""
    from toyono_trust.validation.render import REPORT_VERSION, safe
    from toyono_trust.validation.report import Finding

    found = []
    if policy is None and evidence.policy.digest != evidence.policy_digest:
        saved = {"saved": evidence.policy_digest, "library": evidence.library}
        found.append(Finding("replay.policy-digest", "warn", "", saved))
    if evidence.report_version != REPORT_VERSION:
        saved = {"saved": str(evidence.report_version), "library": evidence.library}
        found.append(Finding("replay.report-version", "warn", "", saved))
    return [safe(f"{item.text_in(language)} {item.remedy_in(language)}") for item in found]
