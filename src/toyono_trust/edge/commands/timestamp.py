"""``toyono-trust timestamp``: RFC 3161 time stamps for files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import Command, Target, default_language, say
from toyono_trust.edge.options import POLICY, SETTINGS, lang_option, policy_of, trust_of
from toyono_trust.edge.progress import progress

__all__ = ["timestamp"]


@click.command("timestamp", cls=Command, context_settings=SETTINGS)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--tsa", multiple=True, required=True, metavar="URL", help="Authority; several are tried in order.")
@click.option("--out", "-o", metavar="FILE|DIR|-", help="Where the token goes.  [default: FILE.tst]")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option(
    "--digest", type=click.Choice(["sha256", "sha384", "sha512"]), default="sha256", show_default=True, help="Digest."
)
@click.option("--tsa-policy", metavar="OID", help="Policy that the authority is asked for.")
@click.option("--trust", multiple=True, metavar="PATH", help="Trust under which the time stamp must pass.")
@click.option("--policy", metavar="FILE|NAME", help=f"Policy for that: {POLICY}")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True, metavar="SECONDS",
    help="Time allowed for the network.",
)  # fmt: skip
@lang_option
def timestamp(
    files: tuple[str, ...],
    tsa: tuple[str, ...],
    out: str | None,
    force: bool,
    digest: Literal["sha256", "sha384", "sha512"],
    tsa_policy: str | None,
    trust: tuple[str, ...],
    policy: str | None,
    timeout: float,
    lang: Language | None,
) -> int:
    r"""Have FILE time-stamped: proof that it existed. Only its digest leaves this machine.

    The token goes to FILE.tst, where toyono-verify FILE.tst finds FILE beside it. "-" is standard input.

    \b
    Examples:
      toyono-trust timestamp photo.jpg --tsa http://127.0.0.1:3161/tsr
      toyono-trust timestamp *.csv --tsa https://tsa.example/tsr --tsa https://other.example/tsr --trust town/trust
    """
    import toyono_trust
    from toyono_trust import Http

    language = lang or default_language()
    targets = [Target(_place(name, out), force=force) for name in files]
    if len({target.name for target in targets}) < len(files):
        raise click.UsageError("several files would become the same token; leave --out out, or name a folder")
    for target in targets:
        target.check()
    store, rules = trust_of(trust), policy_of(policy)
    with Http(timeout=timeout) as http, progress(len(files), language) as advance:
        for name, target in zip(files, targets, strict=True):
            source = sys.stdin.buffer if name == "-" else Path(name)
            token = toyono_trust.timestamp(
                source, tsa=tsa, http=http, digest=digest, tsa_policy=tsa_policy, policy=rules, trust=store,
                timeout=timeout,
            )  # fmt: skip
            target.write(token)
            if target.name != "-":
                say("wrote", language, source=name, target=target.name, what="RFC 3161")
            advance()
    return 0


def _place(name: str, out: str | None) -> str:
    if out is not None and not Path(out).is_dir():
        return out
    if name == "-":
        return "-"
    return f"{name}.tst" if out is None else f"{Path(out, Path(name).name)}.tst"
