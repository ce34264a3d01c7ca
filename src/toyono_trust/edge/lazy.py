"""A group of commands whose modules are imported when they are invoked, so that none pays for another."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """``table``: by name the module below ``package``, the command's name there, and one line of help."""

    def __init__(self, name: str, package: str, table: Mapping[str, tuple[str, str, str]], **settings: Any) -> None:
        super().__init__(name, **settings)
        self._package = package
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, as the table has them."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; its module is imported now."""
        return self.load(cmd_name) if cmd_name in self._table else None

    def load(self, name: str) -> click.Command:
        """The command, which the table has."""
        module, attribute, _ = self._table[name]
        command: click.Command = getattr(import_module(f"{self._package}.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table's lines, for which nothing is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in self._table.items()])
