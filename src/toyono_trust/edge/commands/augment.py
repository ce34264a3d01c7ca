"""``toyono-trust augment``: raise signed files to a higher level, and renew archives before they lapse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    USAGE,
    Command,
    Complaint,
    Target,
    default_language,
    read,
    say,
    say_until,
    worst,
)
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
from toyono_trust.edge.progress import progress
from toyono_trust.errors import MisuseError

if TYPE_CHECKING:
    from toyono_trust import Http
    from toyono_trust.edge.renewing import Fate, Told

__all__ = ["augment"]


def _days(ctx: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,5})([dwy]?)", value)
    if found is None:
        raise click.UsageError(f"--due: {value!r} is no span; write for example 90d, 12w or 1y")
    return timedelta(days=int(found[1]) * {"": 1, "d": 1, "w": 7, "y": 365}[found[2]])


@click.command("augment", cls=Command, context_settings=SETTINGS)
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR...")
@click.option(
    "--level",
    type=click.Choice(["B-T", "B-LT", "B-LTA"]),
    default="B-LTA",
    show_default=True,
    help="Level to reach; a file at B-LTA gets another archive time stamp.",
)
@click.option("--trust", multiple=True, metavar="PATH", help="Trust under which the files must pass.")
@click.option("--tsa", multiple=True, metavar="URL", help="Time-stamping authority; several are tried in order.")
@click.option("--tsa-policy", metavar="OID", help="Policy that the authority is asked for.")
@click.option(
    "--digest",
    type=click.Choice(["sha256", "sha384", "sha512"]),
    help="Digest of the time stamps.  [default: sha256; in an evidence record as before, until the policy ends it]",
)
@click.option(
    "--signature",
    "signatures",
    multiple=True,
    metavar="ID",
    help="Only this signature, by its id in the report.  [default: all]",
)
@click.option(
    "--content", "contents", multiple=True, metavar="FILE|DIR", help="What detached signatures and records cover."
)
@click.option("--policy", metavar="FILE|NAME", help=f"Validation policy: {POLICY}")
@click.option("--password-file", metavar="FILE", help="File whose first line is the password of encrypted PDFs.")
@click.option("--due", callback=_days, metavar="SPAN", help="Files and folders: renew what lapses within 90d, 12w, 1y.")
@click.option("--list", "only_list", is_flag=True, help="With --due: list what is due, change nothing.")
@click.option("--in-place", is_flag=True, help="Replace each file by its augmented form; --due does so.")
@click.option("--out", "-o", metavar="FILE|DIR", help="Where the product goes.")
@click.option("--force", is_flag=True, help="Replace what is there, even if it is read-only.")
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people, or one JSON object per line for each file.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Time allowed for the network, for each file.",
)
@network_options
@lang_option
def augment(files: tuple[str, ...], lang: Language | None, due: timedelta | None, format: str, **given: Any) -> int:
    r"""Raise signed files to a higher level, so that they verify when their certificates have expired.

    B-T adds a signature time stamp, B-LT everything that the signature is validated with, B-LTA an archive time stamp
    over all of it. What is there stays octet for octet. The result is verified before it is written; where it does not
    pass, nothing is. Each archive lasts as long as its newest time stamp: with --due the command finds what is about to
    lapse in files and folders, the verdict or its last time stamp, whichever is first, and renews it in place.

    An evidence record x.ers gets one more time stamp over what is there, with the file x beside it at hand; a log's
    proof x.proof too, and the charter in it is raised to B-LTA.

    \b
    Examples:
      toyono-trust augment contract.pdf --trust town/trust --tsa http://127.0.0.1:3161/tsr --in-place
      toyono-trust augment order.json.jws --level B-LT --trust town/trust --tsa http://tsa.example/tsr --out archive/
      toyono-trust augment --due 90d --list archive/ --trust town/trust
      toyono-trust augment order.receipt.json.proof --trust town/trust --tsa http://tsa.example/tsr --in-place
      toyono-trust augment --due 90d archive/ --trust town/trust --tsa http://tsa.example/tsr --digest sha512

    \b
    Exit codes:
      0 everything is at its level, or was renewed · 1 a signature does not pass
      2 undecided, or due and nothing would make it last longer · 64 wrong usage, or nothing to augment
      66 a file cannot be read · 69 no authority answered · 70 a product cannot be written · 130 interrupted
      Of several files the first that occurs of 70, 66, 69, 64, 1, 2, 0 counts; the others are augmented all the same.
    """
    from toyono_trust import Http
    from toyono_trust.edge.judging import presented
    from toyono_trust.edge.renewing import Search, Told, renew

    told = Told(lang or default_language(), format == "json")
    _check_usage(given, due)
    trust = trust_of(trust_paths(given["trust"], told.language))
    if trust is None and (given["level"] != "B-T" or due is not None):
        raise click.UsageError("--trust: name who is trusted")
    options: dict[str, Any] = {
        "level": given["level"],
        "trust": trust,
        "tsa": given["tsa"] or None,
        "tsa_policy": given["tsa_policy"],
        "digest": given["digest"],
        "policy": policy_of(given["policy"]),
        "timeout": given["timeout"],
        "password": _password(given["password_file"]),
    }
    targets = [] if due is not None else _targets(files, given)
    contents = presented(given["contents"])
    with Http(**network_of(given, given["timeout"])) as http:
        if due is not None:
            before = datetime.now(UTC) + due
            search = Search(before, options, contents, http, given["only_list"], given["force"])
            return renew(files, search, told)
        options["signatures"] = set(given["signatures"]) or None
        return _augment(files, targets, options, contents, http, told)


def _check_usage(given: dict[str, Any], due: timedelta | None) -> None:
    """Refuse what does not go together."""
    if due is None and given["only_list"]:
        raise click.UsageError("--list goes with --due")
    if not given["tsa"] and given["level"] != "B-LT" and not given["only_list"]:
        raise click.UsageError("--tsa: a time stamp needs an authority")
    if due is None and given["in_place"] == (given["out"] is not None):
        raise click.UsageError("say where the product goes: --out FILE|DIR, or --in-place")
    if due is not None and (given["out"] is not None or given["signatures"]):
        raise click.UsageError("--due renews whole files in place; it does not go with --out and --signature")


def _password(name: str | None) -> bytes | None:
    return None if name is None else read(name).split(b"\n", 1)[0].removesuffix(b"\r")


def _targets(files: tuple[str, ...], given: dict[str, Any]) -> list[Path | None]:
    """Where each product goes, None for in place; refuses before any work what could not be written."""
    from toyono_trust.edge.renewing import check_replaceable

    if given["in_place"]:
        if len({Path(name).resolve() for name in files}) < len(files):
            raise click.UsageError("the same file is named twice")
        for name in files:
            if Path(name).is_file():  # what cannot be read is said file by file
                check_replaceable(Path(name), code=USAGE, force=given["force"])
        return [None] * len(files)
    targets = [_target(name, given["out"]) for name in files]
    if len(set(targets)) < len(targets):
        raise click.UsageError("several files would become the same product; name a folder with --out")
    for target in targets:
        Target(target, force=given["force"]).check()
    return [Path(target) for target in targets]


def _target(name: str, out: str) -> str:
    if not Path(out).is_dir():
        return out
    target = Path(out, Path(name).name)
    if target.resolve() == Path(name).resolve():
        raise Complaint(USAGE, "exists", file=str(target))
    return str(target)


def _augment(
    files: tuple[str, ...],
    targets: list[Path | None],
    options: dict[str, Any],
    contents: dict[str, Any],
    http: Http,
    told: Told,
) -> int:
    """Each file, to where the options say; the worst exit code of all."""
    from toyono_trust.edge.judging import content_for

    codes = []
    with progress(len(files), told.language) as advance:
        for name, target in zip(files, targets, strict=True):
            content = content_for(name, contents)
            work = partial(_raised, name, target, http, content, options, told.language)
            fate = told.attempt(name, work)
            codes.append(told.tell(fate))
            advance()
    return worst(codes)


def _raised(
    name: str,
    target: Path | None,
    http: Http,
    content: Mapping[str, Any] | None,
    options: dict[str, Any],
    language: Language,
) -> Fate:
    """One file; that it has the level already is well, unless it should become another one."""
    from toyono_trust.edge.renewing import Fate, raised

    path = Path(name)
    path.stat()
    try:
        made = raised(path, target, http, content, options)
    except MisuseError as error:
        if error.code != "augment.nothing-to-do" or target is not None:
            raise
        say("unchanged", language, source=name)
        return Fate(name, "unchanged")
    product = name if target is None else str(target)
    say("augmented", language, source=name, target=product, level=made.level)
    if made.report is not None:
        say_until(made.report, language)
    return Fate(name, "augmented", report=made.report, product=product, level=made.level)
