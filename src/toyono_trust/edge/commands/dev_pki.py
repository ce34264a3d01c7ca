"""``toyono-trust dev-pki``: a throw-away town on disk, and its servers on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import UNAVAILABLE, Command, Complaint, complain, writing
from toyono_trust.edge.options import SETTINGS, address, lang_option

if TYPE_CHECKING:
    from toyono_trust.devpki import Server, Town

__all__ = ["dev_pki"]


@click.command("dev-pki", cls=Command, context_settings=SETTINGS)
@click.argument("folder", metavar="DIR")
@click.option("--serve", is_flag=True, help="Keep the time stamps, OCSP and CRLs of the town running on loopback.")
@click.option(
    "--listen",
    default="127.0.0.1:3161",
    show_default=True,
    metavar="HOST:PORT",
    help="Where it is served; certificates name this address. Port 0 is any free one.",
)
@click.option("--force", is_flag=True, help="Replace the town that is in the folder.")
@lang_option
def dev_pki(folder: str, serve: bool, listen: str, force: bool, lang: Language | None) -> int:
    r"""Make a throw-away town in DIR: a root, a sub-CA, CRLs, a time-stamping authority, and keys.

    The keys are of a resident, the town, a bus company, a river-level sensor, a web site, and one that is revoked.
    Never trust them outside of this machine: the password of all keys is printed. With --serve a town that is in DIR
    already is served as it is, at the address that its certificates name.

    \b
    Examples:
      toyono-trust dev-pki town
      toyono-trust dev-pki town --serve
    """
    from toyono_trust.devpki import Town

    host, port = address(listen)
    path = Path(folder)
    there = (path / "town.json").is_file()
    if serve and there and not force:
        town = Town.load(path)
        _run(_server(*address(town.base_url.partition("://")[2])), town)
        return 0
    if not serve:
        town = Town.create(base_url=f"http://{listen}")
        with writing(folder, "DIR"):
            _tell(town.write(path, force=force))
        return 0
    server = _server(host, port)
    town = Town.create(base_url=server.url)
    with writing(folder, "DIR"):
        _tell(town.write(path, force=force))
    _run(server, town)
    return 0


def _tell(lines: tuple[str, ...]) -> None:
    for line in lines:
        click.echo(line)


def _server(host: str, port: int) -> Server:
    from toyono_trust.devpki import Server

    try:
        return Server(host=host, port=port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Complaint(UNAVAILABLE, "busy", address=f"{host}:{port}", reason=reason) from error


def _run(server: Server, town: Town) -> None:
    server.town = town
    complain(f"# serving {server.url}/tsr (time stamps), /ocsp, /crl/ca.crl · end with Ctrl-C")
    server.run()
