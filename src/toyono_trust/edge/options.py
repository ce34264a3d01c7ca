"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import say

if TYPE_CHECKING:
    from toyono_trust import Policy, Signer, TrustStore

__all__ = [
    "POLICY",
    "SETTINGS",
    "address",
    "joined",
    "key_options",
    "lang_option",
    "network_of",
    "network_options",
    "open_signer",
    "policy_of",
    "secret_options",
    "stamp_options",
    "stamping_of",
    "trust_of",
    "trust_paths",
]

POLICY = "a file (TOML), or where there is none of that name, default, strict or archive."
"""What ``--policy`` takes, for the help of every command that has it."""
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
_F = TypeVar("_F", bound=Callable[..., Any])


def joined(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Several options as one decorator, in the order in which ``--help`` shows them."""

    def decorate(function: _F) -> _F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


lang_option = click.option(
    "--lang",
    type=click.Choice(["en", "ja"]),
    is_eager=True,  # other options speak, too
    help="Language of texts.  [default: ja where LANG says so, else en]",
)


def _refused(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(
            f"{parameter.opts[0]}: a secret on the command line can be read by everybody on this machine. "
            "Use --secret-file FILE, --secret-env VARIABLE, or let the terminal ask."
        )


secret_options = joined(
    click.option("--secret-file", metavar="FILE", help="File whose first line is the password or PIN."),
    click.option("--secret-env", metavar="VARIABLE", help="Environment variable with the password or PIN."),
    click.option("--secret", "--password", "--pin", hidden=True, expose_value=False, callback=_refused),
    click.option(
        "--kind",
        type=click.Choice(["natural-person", "legal-person", "device"]),
        help="Whom the certificate names, where it does not say.",
    ),
)

key_options = joined(
    click.option(
        "--key", required=True, metavar="URI", help="Key: pkcs12:FILE, pem:FILE, jwk:FILE or pkcs11:… (RFC 7512)."
    ),
    secret_options,
)

stamp_options = joined(
    click.option(
        "--level", type=click.Choice(["B-B", "B-T", "B-LT", "B-LTA"]),
        help="Baseline level; from B-LT on with --trust.  [default: B-T with --tsa, else B-B]"
    ),
    click.option("--tsa", multiple=True, metavar="URL", help="Time-stamping authority; several are tried in order."),
    click.option("--fallback", type=click.Choice(["B-B"]), help="Accept B-B where no authority answers; it is said."),
    click.option("--digest", default="sha256", show_default=True, type=click.Choice(["sha256", "sha384", "sha512"]),
                 help="Digest of the time stamp."),
    click.option("--tsa-policy", metavar="OID", help="Policy that the authority is asked for."),
    click.option("--algorithm", metavar="NAME", help="Signature algorithm, e.g. rsa-pss-sha256."),
    click.option("--policy", "policy_file", metavar="FILE|NAME", help=f"Policy that bars algorithms: {POLICY}"),
    click.option("--trust", "trust", multiple=True, metavar="PATH",
                 help="Trust under which the time stamp, or from B-LT on the whole file, must pass."),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
                 metavar="SECONDS", help="Time allowed for the network."),
)  # fmt: skip


network_options = joined(
    click.option("--cache", metavar="DIR", help="Keep fetched revocation data in DIR until its next update."),
    click.option("--allow-private", is_flag=True, help="Let certificates name private and loopback addresses."),
    click.option("--host", "hosts", multiple=True, metavar="NAME", help="The only hosts that certificates may name."),
    click.option("--proxy", metavar="URL", help="HTTP proxy; the environment is not asked."),
)


def network_of(given: dict[str, Any], timeout: float) -> dict[str, Any]:
    """What ``Http`` takes, out of ``network_options``."""
    hosts = given["hosts"] or None
    return {
        "timeout": timeout,
        "cache": given["cache"],
        "allow_private": given["allow_private"],
        "hosts": hosts,
        "proxy": given["proxy"],
    }


def open_signer(key: str, secret_file: str | None, secret_env: str | None, kind: Any, language: Language) -> Signer:
    """The signer that the options name; a terminal is asked for the secret where it is needed and not given."""
    import sys

    from toyono_trust import Signer

    if secret_file is not None and secret_env is not None:
        raise click.UsageError("give --secret-file or --secret-env, not both")
    if secret_file is not None:
        return Signer.open(key, secret=_first_line(secret_file), kind=kind)
    if secret_env is not None:
        if secret_env not in os.environ:
            raise click.UsageError(f"--secret-env: there is no environment variable {secret_env}")
        return Signer.open(key, secret=os.environ[secret_env], kind=kind)
    if sys.stdin is not None and sys.stdin.isatty():
        return Signer.open(key, secret=lambda: _asked(key, language), kind=kind)
    return Signer.open(key, kind=kind)


def _first_line(name: str) -> bytes:
    from toyono_trust.edge.console import read

    return read(name).split(b"\n", 1)[0].removesuffix(b"\r")


def _asked(key: str, language: Language) -> str:
    from toyono_trust.edge.words import LABELS, said

    # the attributes of a PKCS #11 address may be long, and of a file name the last part says enough
    text = said(LABELS["ask-secret"], language, key=key.split("?", 1)[0])
    answer: str = click.prompt(text, hide_input=True, err=True, default="", show_default=False)
    return answer


def trust_paths(given: Sequence[str], language: Language) -> tuple[str, ...]:
    """Trust named by ``--trust``; where it is not used, by TOYONO_TRUST, which is told."""
    if given:
        return tuple(given)
    variable = os.environ.get("TOYONO_TRUST", "")
    paths = tuple(path for path in variable.split(os.pathsep) if path)
    if paths:
        say("trust-from", language, paths=os.pathsep.join(paths))
    return paths


def trust_of(paths: Sequence[str]) -> TrustStore | None:
    """The trust store of some paths, None for none."""
    from toyono_trust import TrustStore

    return TrustStore.load(*paths) if paths else None


def policy_of(file: str | None) -> Policy | None:
    """The policy in a file or of a name, None for the shipped one."""
    from toyono_trust import Policy

    return None if file is None else Policy.load(file)


def address(text: str) -> tuple[str, int]:
    """Host and port out of HOST:PORT; an IPv6 address stands in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise click.UsageError(f"{text!r} is not an address; write for example 127.0.0.1:3161")
    return host.removeprefix("[").removesuffix("]"), int(port)


@contextmanager
def stamping_of(given: dict[str, Any], language: Language) -> Iterator[dict[str, Any]]:
    """Level, authorities, network, trust and policy out of the options, as the verbs take them."""
    from toyono_trust import Http

    level = given["level"] or ("B-T" if given["tsa"] else "B-B")
    if level == "B-B" and given["tsa"]:
        raise click.UsageError("--tsa: the level B-B has no time stamp; leave --level out, or ask for B-T")
    found: dict[str, Any] = {
        "level": level,
        "algorithm": given["algorithm"],
        "digest": given["digest"],
        "policy": policy_of(given["policy_file"]),
        "fallback": given["fallback"],
        "tsa_policy": given["tsa_policy"],
        "trust": trust_of(given["trust"]),
        "timeout": given["timeout"],
    }
    if level == "B-B":
        yield found
        return
    if level != "B-T":
        found["trust"] = trust_of(trust_paths(given["trust"], language))
        if found["trust"] is None:
            raise click.UsageError(f"--trust: name who is trusted; {level} holds what it is validated with")
    with Http(**network_of(given, given["timeout"])) as http:
        yield found | {"tsa": given["tsa"], "http": http}
