"""Every command explains itself, and every example in its help is one that the command accepts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from command_line import Run
from toyono_trust.edge import cli
from toyono_trust.edge.commands.log import SUBCOMMANDS

COMMANDS = [(name,) for name in cli.COMMANDS] + [("trust", name) for name in ("show", "update", "pack")]
COMMANDS += [("consent", "check"), ("consent", "page")]
COMMANDS += [("log", name) for name in SUBCOMMANDS] + [
    ("log", "witness", name) for name in ("key", "cosign", "add", "ask")
]


def command_of(path: tuple[str, ...]) -> click.Command:
    found: click.Command = cli.toyono_trust
    for name in path:
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), name)
        assert inner is not None
        found = inner
    return found


def examples() -> Iterator[list[str]]:
    """The command lines shown in help texts, continued lines joined; of a pipe only our part."""
    for path in [(), *COMMANDS]:
        text = re.sub(r"\\\n\s*", "", command_of(path).help or "")
        for line in text.splitlines():
            shown = (
                line.split(" > ")[0] if path else line.split("   ")[0]
            )  # the program's own help explains to the right
            for part in shown.split("|"):
                words = shlex.split(part) if line.startswith("  ") and "toyono-" in part else []
                if words and words[0] in ("toyono-trust", "toyono-verify"):
                    yield words


def test_examples_are_found() -> None:
    assert len(list(examples())) > 20


@pytest.mark.parametrize("words", list(examples()), ids=" ".join)
def test_example_is_accepted(words: list[str]) -> None:
    """Parsed, not run: every option exists, none that is required is missing."""
    path, command = [], cli.toyono_trust if words[0] == "toyono-trust" else cli.toyono_verify
    rest = words[1:]
    while isinstance(command, click.Group):
        path.append(rest.pop(0))
        command = command_of(tuple(path))
    if {"--list-events", "--list-reasons"} & set(rest):
        with pytest.raises(click.exceptions.Exit):
            command.make_context(words[0], rest)
    else:
        command.make_context(words[0], rest)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(run: Run, path: tuple[str, ...], flag: str) -> None:
    ran = run(*path, flag)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: toyono-trust {' '.join(path)} ")
    command = command_of(path)
    if not isinstance(command, click.Group):
        assert "\n  Example" in ran.out
        assert "\n  Exit codes:" in ran.out or path[0] != "log"
        assert "\\b" not in ran.out
        for line in (command.help or "").splitlines():
            if line.strip().startswith(("toyono-", "curl ")):
                assert line.strip() in [shown.strip() for shown in ran.out.splitlines()]
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name
            assert parameter.opts[0] in ran.out


@pytest.mark.parametrize("path", [(), *COMMANDS], ids=" ".join)
def test_help_of_every_option_is_a_sentence(path: tuple[str, ...]) -> None:
    for parameter in command_of(path).params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            text = re.sub(r"\s*\[default: [^]]*\]$", "", parameter.help or "")
            assert text[:1].isupper(), parameter.opts
            assert text.endswith("."), parameter.opts


def test_program_lists_its_commands(run: Run) -> None:
    ran = run("--help")
    for name, (_, _, line) in cli.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", ran.out, re.MULTILINE)


def test_version(run: Run) -> None:
    from toyono_trust import __version__

    assert run("--version").out == f"toyono-trust {__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("trust",), ("no-such-command",), ("trust", "no-such")])
def test_usage(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 64
