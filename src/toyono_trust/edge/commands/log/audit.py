"""``toyono-trust log audit``: everything recomputed, and held against everything that was signed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from toyono_trust.core.findings import Language, entry
from toyono_trust.edge.commands.log.keys import witnesses_option
from toyono_trust.edge.commands.log.places import address_argument, opened_store, shown
from toyono_trust.edge.commands.log.telling import meter
from toyono_trust.edge.console import FAILED, PASSED, UNDECIDED, Command, SystemZone, default_language, json_line, read
from toyono_trust.edge.options import (
    POLICY,
    SETTINGS,
    lang_option,
    network_of,
    network_options,
    policy_of,
    trust_of,
    trust_paths,
)
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import UnavailableError

if TYPE_CHECKING:
    from toyono_trust import Http, Policy, Report, TrustStore
    from toyono_trust.ledger.audit import Audit
    from toyono_trust.ledger.checkpoint import WitnessPolicy
    from toyono_trust.ledger.note import NoteKey
    from toyono_trust.ledger.stores.base import Store
    from toyono_trust.steps import Fetch, Response
    from toyono_trust.validation.report import Finding

__all__ = ["audit"]

MAX_HELD = 1 << 23


class _Found(NamedTuple):
    """What was found. ``charter``: the verdict on it, where there is one and trust was given."""

    key: NoteKey
    audit: Audit
    charter: Report | None
    findings: tuple[Finding, ...]

    @property
    def is_of_another(self) -> bool:
        """Whether the store says that it is another log, and nothing in it is signed under the key."""
        return not self.audit.signed and any(finding.code == "audit.log" for finding in self.findings)

    @property
    def code(self) -> int:
        """0 sound · 1 altered, or the charter is false · 2 sound, and less is proven than was asked for."""
        failed = self.charter is not None and self.charter.indication == "TOTAL-FAILED"
        if not self.audit.sound or failed or any(finding.code == "audit.charter" for finding in self.findings):
            return FAILED
        undecided = self.charter is not None and self.charter.indication != "TOTAL-PASSED"
        warned = any(finding.level == "warn" for finding in self.findings)
        return UNDECIDED if undecided or warned else PASSED


@click.command("audit", cls=Command, context_settings=SETTINGS)
@address_argument
@click.option("--log-key", metavar="KEY|FILE", help="Verifier key that you know the log by, not as the store says; or"
              " a file with it.  [default: the key that --trust names or whose charter passes under it]")  # fmt: skip
@witnesses_option("Who must have cosigned")
@click.option("--held", multiple=True, metavar="FILE", help="What was kept elsewhere: checkpoint, proof, promise, or"
              " a receipt with a promise. The log must still stand by it.")  # fmt: skip
@click.option("--trust", multiple=True, metavar="PATH", help="Trust under which the log's charter and time stamps must"
              " pass; it may name the log's key and witnesses, too.")  # fmt: skip
@click.option("--operator", metavar="ID", help="With --trust: who must have sealed the charter, e.g."
              " NTRJP-1234567890123.")  # fmt: skip
@click.option("--policy", metavar="FILE|NAME", help=f"Validation policy: {POLICY}")
@click.option("--online", is_flag=True, help="Fetch what is missing to judge charter and time stamps.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True,
              metavar="SECONDS", help="Time allowed for the network.")  # fmt: skip
@network_options
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
@lang_option
def audit(
    address: str,
    schema: str | None,
    log_key: str | None,
    witnesses: str | None,
    held: tuple[str, ...],
    trust: tuple[str, ...],
    format: str,
    lang: Language | None,
    **given: Any,
) -> int:
    r"""Recompute the log at ADDRESS, hold it against all that was signed, name the first entry that is not as it was.

    Whoever can write to the store can alter any row of it. What proves is the log's signature under the key that you
    know it by, what others keep (--held), and who has cosigned (--witnesses). Without --log-key the charter counts,
    which anybody trusted may have sealed: name the one with --operator. Nothing is changed. ADDRESS may be what log
    export wrote.

    \b
    Examples:
      toyono-trust log audit town.log --log-key log.pub
      toyono-trust log audit town.log --trust town/trust --held order.json.receipt.json.proof --witnesses town.policy
      toyono-trust log audit town.log --trust town/trust --operator NTRJP-9234567890123 --online --allow-private
      toyono-trust log audit postgresql://auditor@db.town.example/evidence --log-key log.pub --format json

    \b
    Exit codes:
      0 sound · 1 something was altered, removed or inserted, or contradicts what was signed, or a time stamp fails
      2 sound as far as it goes: witnesses are missing, something held is not of this log, or the charter is undecided
      64 wrong usage, or no log · 66 a file cannot be read · 69 the store cannot be read · 130 interrupted
    """
    language = lang or default_language()
    _check_usage(trust, given)
    store_of_trust = trust_of(trust_paths(trust, language))
    policy = policy_of(given["policy"])
    with _damage_told(), _store(address, schema, language) as store, _network(given) as http:
        charter = _charter(store, store_of_trust, policy, http, given)
        if given["operator"] is not None:
            _check_operator(charter, given["operator"])
        key, asked = _key(log_key, store, store_of_trust, charter)
        seen_by = _witnesses(witnesses, key, store_of_trust) or asked
        ask = _Ask(key, seen_by, _held(held, key), store_of_trust, policy)
        with meter(store.head().size, "entries", language) as advance:
            made = _audited(cast("Store", _Watched(store, advance)), ask, http, given["timeout"])
    found = _Found(key, made, charter, _findings(made, key, charter))
    if format == "json":
        click.echo(json_line(_value(found, address)))
    else:
        _print(found, language)
    return found.code


def _store(address: str, schema: str | None, language: Language) -> AbstractContextManager[Store]:
    """The log at an address, or in an export."""
    from toyono_trust.edge.commands.log.export import is_export, loaded

    return loaded(address, language) if is_export(address) else opened_store(address, schema, language)


@contextmanager
def _damage_told() -> Iterator[None]:
    """A store that the audit cannot read is not to be audited again."""
    try:
        yield
    except UnavailableError as error:
        if error.code != "ledger.corrupt":
            raise
        hint = "keep it as it is for an investigation; restore the last copy or export that an audit finds sound"
        raise UnavailableError("ledger.damaged", error.message, hint, retryable=False) from error


class _Ask(NamedTuple):
    """What the audit is held to."""

    key: NoteKey
    witnesses: WitnessPolicy | None
    held: list[bytes]
    trust: TrustStore | None
    policy: Policy | None


def _check_usage(trust: tuple[str, ...], given: dict[str, Any]) -> None:
    if not given["online"] and (given["cache"] or given["allow_private"] or given["hosts"] or given["proxy"]):
        raise click.UsageError("--cache, --allow-private, --host and --proxy are for --online")
    if given["online"] and not trust:
        raise click.UsageError("--online fetches what charter and time stamps are judged with: name who is trusted")


@contextmanager
def _network(given: dict[str, Any]) -> Iterator[Http | None]:
    if not given["online"]:
        yield None
        return
    from toyono_trust import Http

    with Http(**network_of(given, given["timeout"])) as http:
        yield http


def _audited(store: Store, ask: _Ask, http: Http | None, timeout: float) -> Audit:
    """The audit; with trust the time stamps are judged as well."""
    from toyono_trust.ledger import stamping
    from toyono_trust.ledger.audit import audit as audited
    from toyono_trust.ledger.log import EvidenceLog
    from toyono_trust.steps import World, run

    if ask.trust is None:
        return audited(store, ask.key, ask.witnesses, ask.held)
    try:
        log = EvidenceLog(store)
    except UnavailableError:  # it does not say whose log it is, as the audit will
        return audited(store, ask.key, ask.witnesses, ask.held)
    world = World(lambda: datetime.now(UTC), os.urandom, time.monotonic, http or _Offline(), timeout)
    return run(stamping.audit(log, ask.key, ask.witnesses, ask.held, trust=ask.trust, policy=ask.policy), world)


class _Offline:
    """No network: nothing answers."""

    def fetch(self, request: Fetch, deadline: float | None, at: datetime | None = None) -> Response:
        """Raises ``UnavailableError``."""
        raise UnavailableError("net.refused", "the network is not used", "audit with --online")


def _charter(
    store: Store, trust: TrustStore | None, policy: Policy | None, http: Http | None, given: dict[str, Any]
) -> Report | None:
    """The verdict on the charter that the store has; None where it has none, or nobody is trusted."""
    from toyono_trust import verify

    sealed = store.description().charter
    if trust is None or not sealed:
        return None
    return verify(sealed, trust=trust, policy=policy, http=http, timeout=given["timeout"])


def _check_operator(charter: Report | None, identifier: str) -> None:
    """Raises ``NotVerified`` where somebody else sealed the charter."""
    if charter is None:
        raise click.UsageError("--operator: without --trust, or without a charter, nobody can be said to run the log")
    charter.require(signed_by={identifier})


def _chartered(report: Report) -> NoteKey | None:
    """The key that a charter names; None where its content is none, or nobody but a person or a device signed it."""
    from toyono_trust import NotVerified
    from toyono_trust.errors import MalformedError
    from toyono_trust.ledger.charter import is_sealed, read_statement

    if not is_sealed(report):
        return None
    try:
        return read_statement(report.require(signed_by="anyone").content)
    except (NotVerified, MalformedError):
        return None


def _key(
    given: str | None, store: Store, trust: TrustStore | None, charter: Report | None
) -> tuple[NoteKey, WitnessPolicy | None]:
    """The key that the auditor knows the log by; of a policy that names it, the witnesses."""
    from toyono_trust.edge.commands.log.keys import known_log
    from toyono_trust.ledger.note import NoteKey

    if given is not None:
        return known_log(given)
    claimed = store.description().key
    if trust is not None and trust.log(claimed) is not None:
        return NoteKey.parse(claimed), None
    chartered = None if charter is None else _chartered(charter)
    if chartered is None:
        raise click.UsageError(
            "--log-key: name the key that you know the log by; a store that was altered may say any other"
        )
    return chartered, None


def _witnesses(name: str | None, key: NoteKey, trust: TrustStore | None) -> WitnessPolicy | None:
    from toyono_trust.edge.commands.log.keys import witness_policy
    from toyono_trust.ledger.checkpoint import WitnessPolicy

    trusted = None if trust is None else trust.log(key.text)
    if name is None and trusted is not None and trusted.needed:
        return WitnessPolicy.of(trusted.needed, *trusted.witnesses)
    return witness_policy(name, key)


def _held(names: Iterable[str], key: NoteKey) -> list[bytes]:
    """What was kept elsewhere; out of a receipt its promises."""
    from toyono_trust.edge.commands.log.search import promises_in

    found = []
    for name in names:
        octets = read(name, MAX_HELD)
        found += promises_in(octets, key) or [octets]
    return found


def _findings(made: Audit, key: NoteKey, charter: Report | None) -> tuple[Finding, ...]:
    from toyono_trust.validation.report import Finding

    found = [Finding(note.code, entry(note.code).level, note.subject, note.values) for note in made.notes]
    told = any(note.code == "audit.charter" for note in made.notes)
    if not told and charter is not None and charter.indication == "TOTAL-PASSED" and _chartered(charter) != key:
        found.append(Finding("audit.charter", "fail", "", {"key": key.text}))
    return tuple(found)


def _print(found: _Found, language: Language) -> None:
    from toyono_trust.validation.render import safe
    from toyono_trust.validation.words import VERDICTS

    made = found.audit
    if found.is_of_another:
        _print_other(found, language)
        return
    state = LABELS[("audit-sound", "audit-unsound", "audit-partly")[found.code]][language == "ja"]
    click.echo(safe(f"{found.key.name}: {state}"))
    rows = [("log-size", str(made.size)), ("log-root", "-" if made.root is None else made.root.hex())]
    rows += [("log-signed", str(made.signed)), ("log-stamped-row", str(made.stamped))]
    if made.witnessed or any(finding.code == "audit.unwitnessed" for finding in found.findings):
        rows.append(("log-witnessed", str(made.witnessed)))
    if made.first is not None:
        rows.append(("log-first", str(made.first)))
    if found.charter is not None:
        verdict = VERDICTS[found.charter.indication][language == "ja"]
        rows.append(("log-charter", " ".join((verdict, *_sealers(found.charter)))))
    for label, value in rows:
        click.echo(said(LABELS[label], language, value=value))
    if found.charter is not None and found.charter.indication != "TOTAL-PASSED":
        why = found.charter.decisive
        if why is not None:
            _print_finding(why, language, "  ")
    for finding in found.findings:
        _print_finding(finding, language)


def _print_other(found: _Found, language: Language) -> None:
    """A log that has nothing to do with the key: most likely the wrong key was named, and all else follows from it."""
    from toyono_trust.validation.render import safe

    click.echo(safe(f"{found.key.name}: {LABELS['audit-other'][language == 'ja']}"))
    first, *others = sorted(found.findings, key=lambda finding: finding.code != "audit.log")
    _print_finding(first, language)
    if others:
        click.echo(said(LABELS["audit-follows"], language, count=len(others)))


def _print_finding(finding: Finding, language: Language, before: str = "") -> None:
    from toyono_trust.validation.lines import explained
    from toyono_trust.validation.render import safe

    click.echo(safe(f"{before}{explained(finding, language, SystemZone())} [{finding.code}]"))
    click.echo(safe(f"{before}  {finding.remedy_in(language)}"))


def _sealers(report: Report) -> list[str]:
    return [one.certificate.subject for one in report.signatures if one.certificate is not None]


def _value(found: _Found, address: str) -> dict[str, Any]:
    made = found.audit
    return {
        "log": found.key.text,
        "address": shown(address),
        "sound": made.sound and found.code != FAILED,
        "size": made.size,
        "root": None if made.root is None else made.root.hex(),
        "signed": made.signed,
        "stamped": made.stamped,
        "witnessed": made.witnessed,
        "first": made.first,
        "charter": None if found.charter is None else found.charter.to_json(),
        "findings": [
            {"code": finding.code, "level": finding.level, "values": dict(finding.values), "text": finding.text,
             "remedy": finding.remedy}
            for finding in found.findings
        ],
    }  # fmt: skip


class _Watched:
    """A store that tells how far the audit has read."""

    def __init__(self, store: Store, advance: Callable[[int], None]) -> None:
        self._store = store
        self._advance = advance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def columns(self, start: int, stop: int) -> Any:
        """As the store, and tells."""
        self._advance(start)
        return self._store.columns(start, stop)
