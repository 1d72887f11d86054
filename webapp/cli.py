"""The `callboard` command: finds the command that is asked for, and turns whatever goes wrong into one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, TextIO, cast

import click

BAD_INPUT = 2
INTERRUPTED = 130
NOBODY_READS = 141
"""What a program killed by SIGPIPE is seen to end with."""

COMMANDS = {
    "check": "webapp.commands.check",
    "repair": "webapp.commands.repair",
    "plan": "webapp.commands.plan",
    "import": "webapp.commands.files",
    "export": "webapp.commands.files",
    "demo": "webapp.commands.serving",
    "serve": "webapp.commands.serving",
    "worker": "webapp.commands.serving",
    "job": "webapp.commands.jobs",
    "delay": "webapp.commands.jobs",
    "user": "webapp.commands.access",
    "token": "webapp.commands.access",
    "db": "webapp.commands.operation",
    "events": "webapp.commands.events",
    "audit": "webapp.commands.upkeep",
    "verify": "webapp.commands.upkeep",
    "backup": "webapp.commands.upkeep",
    "restore": "webapp.commands.upkeep",
}
"""Where each command lives.  A command is loaded when it is asked for, and its modules load nothing heavy."""


class Callboard(click.Group):
    """A group whose commands are loaded late, and whose errors are one line on standard error."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        commands = import_module(COMMANDS[cmd_name]).COMMANDS
        return cast(click.Command, commands[cmd_name])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader who went away is told apart from every other failure."""
        try:
            status = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise NobodyReads from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from solver.rules import RuleError

            if isinstance(error, RuleError):
                raise click.ClickException(str(error)) from None
            raise
        return status

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; `standalone_mode` ends the process with its exit status."""
        prog_name = prog_name or "callboard"
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, **extra)
        _escape_what_cannot_be_printed()
        try:
            status = super().main(args, prog_name, complete_var, False, **extra)
        except NobodyReads:
            _forget_output()
            status = NOBODY_READS
        except click.Abort:
            status = INTERRUPTED
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            status = BAD_INPUT
        except click.ClickException as error:
            _complain(error)
            status = BAD_INPUT
        sys.exit(status or 0)


class NobodyReads(Exception):
    """Whoever read standard output has gone."""


def _complain(error: click.ClickException) -> None:
    """One line on standard error, also for a message of several."""
    from webapp.interop.document import one_line

    line = " ".join(error.format_message().split())
    click.echo(f"callboard: {one_line(line)}", err=True)


def _escape_what_cannot_be_printed() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _forget_output() -> None:
    """Point standard output at nothing, so that closing it at the end does not fail again."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, cast(TextIO, sys.stdout).fileno())


def _print_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"callboard {version('callboard')}")
        ctx.exit()


@click.group(
    "callboard", cls=Callboard, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Change a conference's schedule: see what breaks, repair it with the fewest moves, tell every screen.

    FILE is a Callboard file, a schedule.xml or a schedule.json, recognised by content; - reads standard input.

    \b
    Exit status
      0  no violations, repaired with proof, or everything placed
      1  violations found, or it is proved that no repair exists, or that not everything can be placed
      2  bad input
      3  the time limit came before the proof, or before everything was placed
    """


if __name__ == "__main__":
    main()
