"""``toyono-trust sign`` and ``seal``: the same options, another verb."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    INTERNAL,
    Command,
    Complaint,
    Target,
    complain,
    default_language,
    moment,
    read,
    say,
    say_until,
    time_zone,
)
from toyono_trust.edge.options import (
    SETTINGS,
    key_options,
    lang_option,
    network_options,
    open_signer,
    stamp_options,
    stamping_of,
)
from toyono_trust.edge.pdf import details_of, pdf_options, signed_name
from toyono_trust.edge.progress import progress
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import MisuseError

if TYPE_CHECKING:
    from toyono_trust import Signer
    from toyono_trust.formats.model import Place, SignaturePolicy, Signed, SignedFile

__all__ = ["seal", "sign"]

NAMES = {"jades": "JAdES", "cades": "CAdES", "pades": "PAdES"}

_SIGN = r"""Sign FILE, as a person or a thing; "-" is standard input.

An organisation seals instead (toyono-trust seal). Without --out the product lies beside FILE: FILE.jws or FILE.jws.json
(JAdES), FILE.p7m (CAdES with its content), FILE.p7s (CAdES, detached); of file.pdf it is file.signed.pdf (PAdES).
Nothing is replaced without --force.

With --countersign or --parallel FILE is a signed file in JAdES or CAdES, and the product is that file with one more
signature, which takes its place (--force) or goes elsewhere (--out); FILE.jws becomes FILE.jws.json. A signed PDF is
simply signed again.

\b
Examples:
  toyono-trust sign application.json --as jades --key pkcs12:town/resident-sign.p12 --secret-file town/password.txt
  toyono-trust sign order.json.jws --countersign --role "head of section" --key pkcs12:me.p12
  toyono-trust sign contract.pdf --reason "I agree" --tsa http://127.0.0.1:3161/tsr --key pkcs12:me.p12
"""

_SEAL = r"""Seal FILE, as an organisation (eシール); "-" is standard input.

The certificate must be a legal person's or a device's. Without --out the product lies beside FILE: FILE.jws or
FILE.jws.json (JAdES), FILE.p7m (CAdES with its content), FILE.p7s (CAdES, detached); of file.pdf it is file.signed.pdf
(PAdES). Nothing is replaced without --force.

With --countersign or --parallel FILE is a signed file in JAdES or CAdES, and the product is that file with one more
signature, which takes its place (--force) or goes elsewhere (--out); FILE.jws becomes FILE.jws.json. A signed PDF is
simply sealed again.

\b
Examples:
  toyono-trust seal order.json --as jades --key pkcs12:town/town-seal.p12 --secret-file town/password.txt
  toyono-trust seal certificate.pdf --visible 1:380,40,180,60 --font NotoSerifJP.ttf --certify 2 --key pkcs12:seal.p12
  toyono-trust seal contract.p7s --parallel --content contract.txt --out both.p7s --key pkcs12:seal.p12
  toyono-trust seal *.pdf --as cades --detached --tsa http://127.0.0.1:3161/tsr --fallback B-B \
      --key "pkcs11:token=town;object=seal?module-path=/usr/lib/softhsm/libsofthsm2.so" --secret-env PIN
"""

_OPTIONS = (
    click.argument("files", nargs=-1, required=True, metavar="FILE..."),
    click.option("--as", "format", type=click.Choice(list(NAMES)),
                 help="JAdES (JSON), CAdES (CMS) or PAdES (PDF).  [default: pades for *.pdf; what a signed file is]"),
    key_options,
    click.option("--detached", is_flag=True, help="Leave the content outside of the signature."),
    click.option("--countersign", metavar="[ID]", help="Sign a signature in FILE, named by its id; else its only one."),
    click.option("--parallel", is_flag=True, help="Sign what the signatures in FILE cover, beside them."),
    click.option("--content", "contents", multiple=True, metavar="FILE|DIR",
                 help="With both: what detached signatures cover.  [default: the file beside it]"),
    click.option("--out", "-o", metavar="FILE|DIR|-", help="Where the product goes; - is standard output."),
    click.option("--force", is_flag=True, help="Replace what is there."),
    stamp_options,
    network_options,
    click.option("--commitment", multiple=True, metavar="URI|OID", help="What the signature is meant to say."),
    click.option("--role", "roles", multiple=True, metavar="TEXT", help="Role that the signer claims."),
    click.option("--place", metavar="KEY=VALUE,…",
                 help="Where: country, region, locality, postal-code, street, post-office-box."),
    click.option("--content-type", metavar="TYPE", help="Media type of the content, e.g. application/ld+json."),
    click.option("--claimed-at", metavar="RFC3339", help="Claimed signing time.  [default: now]"),
    click.option("--signature-policy", metavar="URI|OID", help="Signature policy; needs its document."),
    click.option("--signature-policy-document", metavar="FILE", help="Document whose digest is signed."),
    click.option("--serialization", type=click.Choice(["compact", "flattened", "general"]), help="JAdES: its layout."),
    pdf_options,
    lang_option,
)  # fmt: skip


_ID = re.compile(r"signature-[0-9a-f]+")


class _Signing(Command):
    """Lets --countersign stand without an id: what follows is one only where it looks like one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of the command line."""
        follows = [*args[1:], ""]
        bare = [word == "--countersign" and not _ID.fullmatch(next_) for word, next_ in zip(args, follows, strict=True)]
        words = [f"{word}=" if alone else word for word, alone in zip(args, bare, strict=True)]
        return super().parse_args(ctx, words)


def _command(verb: str, text: str) -> click.Command:
    def run(**given: Any) -> int:
        given["adds"] = given["parallel"] or given["countersign"] is not None
        given["format"] = given["format"] or _format_of(given["files"], given["adds"])
        return _run(verb, **given)

    function: Any = run
    for option in reversed(_OPTIONS):
        function = option(function)
    return click.command(verb, cls=_Signing, context_settings=SETTINGS, help=text)(function)


sign = _command("sign", _SIGN)
seal = _command("seal", _SEAL)


def _run(
    verb: str,
    *,
    files: tuple[str, ...],
    format: str,
    key: str,
    secret_file: str | None,
    secret_env: str | None,
    kind: str | None,
    out: str | None,
    force: bool,
    lang: Language | None,
    **given: Any,
) -> int:
    import toyono_trust

    language = lang or default_language()
    options = _properties(given, format)
    places = [_places(name, out, format, given) for name in files]
    for targets in places:
        for name in targets:
            Target(name, force=force).check()
    if len({targets[0] for targets in places}) < len(files):
        raise click.UsageError("several files would become the same product; leave --out out, or name a folder")
    by = open_signer(key, secret_file, secret_env, kind, language)
    with stamping_of(given, language) as stamping, progress(len(files), language) as advance:
        for name, targets in zip(files, places, strict=True):
            source = sys.stdin.buffer if name == "-" else Path(name)
            if format == "pades" and targets[0] != "-":
                made = _into_file(getattr(toyono_trust, verb), source, targets[0], by, {**stamping, **options})
                _report(made, name, targets[0], language)
            else:
                call = partial(getattr(toyono_trust, verb), by=by, format=format, **stamping, **options)
                product: Signed = _added(call, name, given["contents"], language) if given["adds"] else call(source)
                target = targets[-1] if product[:1] == b"{" else targets[0]
                Target(target, force=force).write(product)
                _report(product, name, target, language)
            advance()
    return 0


_SIGNED_NAMES = {"jades": (".jws", ".json"), "cades": (".p7m", ".p7s"), "pades": (".pdf",)}


def _format_of(files: Sequence[str], adds: bool) -> str:
    """The format that all files suggest by their names."""
    for found, endings in _SIGNED_NAMES.items():
        if (adds or found == "pades") and all(name.lower().endswith(endings) for name in files):
            return found
    raise click.UsageError("--as: name the format, jades, cades or pades; only *.pdf goes without (pades)")


def _added(call: Any, name: str, contents: tuple[str, ...], language: Language) -> Signed:
    """A signed file with one more signature; what it covers is taken from beside it where it is needed."""
    from toyono_trust.edge.judging import beside, presented

    signed, covers = read(name), presented(contents)
    try:
        made: Signed = call(signed, covers=covers or None)
    except MisuseError as error:
        covers = {} if covers or error.code != "addition.content" else beside(name)
        if not covers:
            raise
        made = call(signed, covers=covers)
        say("beside", language, content=", ".join(covers))
    return made


def _into_file(verb: Any, source: Any, target: str, by: Signer, options: dict[str, Any]) -> SignedFile:
    """Sign a PDF into a file, piece by piece; a complaint where that cannot be written."""
    try:
        made: SignedFile = verb(source, by=by, format="pades", out=target, **options)
    except OSError as error:
        if error.filename is not None and not Path(error.filename).name.startswith(f".{Path(target).name}."):
            raise
        raise Complaint(INTERNAL, "unwritable", file=target, reason=error.strerror or str(error)) from error
    return made


def _report(made: Signed | SignedFile, source: str, target: str, language: Language) -> None:
    if made.reason is not None:
        complain(f"{LABELS['warning'][language == 'ja']}: "
                 + said(LABELS["lower"], language, target=target, level=made.level, reason=made.reason))  # fmt: skip
    if target != "-":
        say("wrote", language, source=source, target=target, what=f"{NAMES[made.format]} {made.level}")
        if made.report is not None and made.report.valid_until is not None:
            say_until(made.report, language)


def _places(name: str, out: str | None, format: str, given: dict[str, Any]) -> tuple[str, ...]:
    """Where the product of a file may go: JAdES becomes JSON where a time stamp is attached."""
    if out is not None and not Path(out).is_dir():
        return (out,)
    if name == "-":
        if out is not None:
            raise click.UsageError("--out: name a file where the content comes from standard input")
        return ("-",)
    base = Path(name) if out is None else Path(out, Path(name).name)
    if format == "pades":
        return (str(signed_name(base)),)
    if given["adds"]:  # which JSON alone can hold
        return (f"{base}.json" if format == "jades" and base.name.lower().endswith(".jws") else str(base),)
    if format == "cades":
        return (f"{base}.p7s" if given["detached"] else f"{base}.p7m",)
    level = given["level"] or ("B-T" if given["tsa"] else "B-B")
    compact = given["serialization"] in (None, "compact") and (level == "B-B" or given["fallback"])
    flat = level != "B-B" or given["serialization"] in ("flattened", "general")
    return ((f"{base}.jws",) if compact else ()) + ((f"{base}.jws.json",) if flat else ())


def _properties(given: dict[str, Any], format: str) -> dict[str, Any]:
    """The signed properties among the options, as the verbs take them."""
    found: dict[str, Any] = {
        "detached": given["detached"],
        "commitment": given["commitment"],
        "roles": given["roles"],
        "place": _place(given["place"]),
        "content_type": given["content_type"],
        "signature_policy": _signature_policy(given["signature_policy"], given["signature_policy_document"]),
    }
    if given["claimed_at"] is not None:
        found["claimed_at"] = moment(given["claimed_at"], time_zone("UTC"), "--claimed-at")
    if given["adds"]:
        found |= {"parallel": given["parallel"], "countersigns": given["countersign"] or given["countersign"] == ""}
    elif given["contents"]:
        raise click.UsageError("--content goes with --countersign or --parallel")
    details = details_of(given, format)
    if details is not None:
        found["details"] = details
    if given["serialization"] is not None:
        if format != "jades":
            raise click.UsageError("--serialization is a matter of JAdES")
        from toyono_trust.formats.jades import JadesDetails

        found["details"] = JadesDetails(serialization=given["serialization"])
    return found


def _place(text: str | None) -> Place | None:
    if text is None:
        return None
    from toyono_trust.formats.model import Place

    known = {field.replace("_", "-"): field for field in Place._fields}
    pairs = [part.partition("=") for part in text.split(",")]
    for key, equals, value in pairs:
        if key.strip() not in known or not equals or not value.strip():
            raise click.UsageError(f"--place: write KEY=VALUE, with a key out of {', '.join(known)}")
    return Place(**{known[key.strip()]: value.strip() for key, _, value in pairs})


def _signature_policy(identifier: str | None, document: str | None) -> SignaturePolicy | None:
    if identifier is None and document is None:
        return None
    if identifier is None or document is None:
        raise click.UsageError("--signature-policy and --signature-policy-document are given together")
    from toyono_trust.core.content import FileContent
    from toyono_trust.formats.model import SignaturePolicy

    name = f"urn:oid:{identifier}" if identifier.replace(".", "").isdecimal() else identifier
    return SignaturePolicy(name, "sha256", FileContent(Path(document)).digest("sha256"))
