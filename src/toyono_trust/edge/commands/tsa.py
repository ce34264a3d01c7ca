"""``toyono-trust tsa``: a time-stamping authority over HTTP."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import UNAVAILABLE, Command, Complaint, complain, default_language
from toyono_trust.edge.options import SETTINGS, address, key_options, lang_option, open_signer
from toyono_trust.edge.words import LABELS

__all__ = ["tsa"]

TRIAL_POLICY = "1.3.6.1.4.1.32473.3161.1"
"""Below the enterprise number that is reserved for documentation (RFC 5612)."""


@click.command("tsa", cls=Command, context_settings=SETTINGS)
@key_options
@click.option("--listen", default="127.0.0.1:3161", show_default=True, metavar="HOST:PORT", help="Where it is served.")
@click.option(
    "--policy", "policies", multiple=True, metavar="OID",
    help=f"Policy of the authority, the default first.  [default: {TRIAL_POLICY}, for trials]",
)  # fmt: skip
@click.option("--state", metavar="FILE", help="Keeps the last time stamped, so that none before it ever follows.")
@click.option(
    "--accuracy", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, metavar="SECONDS",
    help="Accuracy of the clock, as it is written into every stamp.",
)  # fmt: skip
@click.option("--ordering", is_flag=True, help="Promise that times alone order the stamps.")
@lang_option
def tsa(
    listen: str,
    policies: tuple[str, ...],
    state: str | None,
    accuracy: float,
    ordering: bool,
    lang: Language | None,
    **given: Any,
) -> int:
    r"""Serve RFC 3161 time stamps: POST /tsr; GET / says whether stamps are to be had.

    The key's certificate must be for time stamping alone. Needs the extra [asgi].

    \b
    Examples:
      toyono-trust tsa --key pkcs12:town/tsa.p12 --secret-file town/password.txt
      toyono-trust tsa --key "pkcs11:token=tsa;object=key?module-path=/usr/lib/softhsm/libsofthsm2.so" \
          --secret-env PIN --listen 0.0.0.0:3161 --policy 1.2.392.1234.5 --state /var/lib/tsa/last
    """
    from toyono_trust.edge.tsa import serve
    from toyono_trust.pki.tsp import Authority

    language = lang or default_language()
    host, port = address(listen)
    by = open_signer(given["key"], given["secret_file"], given["secret_env"], given["kind"], language)
    first, *further = policies or (TRIAL_POLICY,)
    authority = Authority.of(by, policy=first, further_policies=further, accuracy=accuracy, ordering=ordering)
    if not policies:
        complain(f"{LABELS['warning'][language == 'ja']}: policy {first} is for trials; name your own with --policy")
    _check_free(host, port)
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    complain(f"# serving http://{listen}/tsr · policy {first} · {by.certificate.subject} · end with Ctrl-C")
    try:
        serve(authority, by, host=host, port=port, state=None if state is None else Path(state))
    except SystemExit as ended:  # the server's way to say that it could not start
        raise Complaint(UNAVAILABLE, "busy", address=listen, reason=f"exit code {ended.code}") from ended
    return 0


def _check_free(host: str, port: int) -> None:
    """Say so at once where nothing can listen there."""
    try:
        with socket.create_server((host, port)):
            pass
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Complaint(UNAVAILABLE, "busy", address=f"{host}:{port}", reason=reason) from error
