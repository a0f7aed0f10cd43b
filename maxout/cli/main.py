"""The ``maxout`` command: lazy subcommands, one-line errors, exit codes."""

from __future__ import annotations

import io
import os
import re
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from maxout.theory.errors import MaxoutError

OK, REFUTED, USAGE, INTERNAL, INCONCLUSIVE, INTERRUPTED = 0, 1, 2, 3, 4, 130
UNREAD = 141
"""What a shell reports of a program whose reader went away (128 + SIGPIPE)."""

# command -> (module, one line of help): subcommands are imported only when they run, so that
# `maxout constant` pays for nothing that it does not use.
COMMANDS = {
    "constant": "initialization constants of ranks, in closed form and certified digits",
    "moments": "one moment of the largest or smallest order statistic",
    "bounds": "bounds, exact values and laws of a network: symbolic, or evaluated",
    "ladder": "bounds, exact value and simulation of each quantity, side by side",
    "typical": "typical size of a network's Jacobian against its mean, with quantiles",
    "gradients": "gradient size layer by layer, for any c: bounds, exact value, simulation",
    "kernel": "infinite-width kernels at correlations, or Gram matrices of inputs",
    "verify": "check every statement against sampled networks",
    "calibrate": "the verifier's own error rates and power, on known truths and planted errors",
    "train": "train maxout networks from several initializations and compare them",
    "audit": "existing weights: their gains, predicted sizes, and what to change",
    "regions": "the linear regions of one network, counted exactly and drawn",
    "curve": "length and breakpoints of a curve under random networks",
    "figure": "the paper's figures, theory over samples: data and pictures",
    "results": "the catalogue of statements with their sources",
    "doctor": "what is installed, what the machine has, and what is missing for what",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"maxout.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            import difflib  # here: a command that is known does without

            near = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.6)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"no command is called {args[0]!r}{hint} (maxout --help)")
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="maxout", message="%(prog)s %(version)s")
def cli() -> None:
    """Exact, certified and sampled theory of maxout networks.

    Exit codes: 0 verified or done, 1 refuted, 2 usage, 3 internal error, 4 inconclusive,
    130 interrupted, 141 where the reader of stdout went away.
    """


def run(arguments: list[str]) -> int:
    """Run one command; every failure is one line on stderr and a code, never a traceback.

    Set MAXOUT_DEBUG=1 to see the traceback of an internal error.
    """
    if sys.stderr is None:  # closed by the caller: there is no one to tell
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    if sys.stdout is None:
        _complain("cannot write to stdout: it is closed")
        return USAGE
    _watch_stdout()
    try:
        code = cli.main(args=arguments, prog_name="maxout", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except _NO_ARGUMENTS as error:
        click.echo(error.format_message())
        return OK
    except click.ClickException as error:
        _complain(error.format_message())
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        _complain("interrupted")
        return INTERRUPTED
    except MaxoutError as error:  # what the library refuses: one line, what to do
        _complain(str(error))
        return USAGE
    except MemoryError as error:
        _complain(f"not enough memory for this, ask for less: {error}".rstrip(": "))
        return USAGE
    except (_UnreadError, SystemExit):
        # The reader went away (`maxout ... | head`): nothing to tell, and no verdict was given.
        # Of stderr's reader click says so by exit 1, which means "refuted" here.
        _discard(1)
        return UNREAD
    except _StdoutError as error:
        _discard(1)
        _complain(f"cannot write to stdout: {error}")
        return USAGE
    except Exception as error:
        if os.environ.get("MAXOUT_DEBUG"):
            traceback.print_exc()
        notes = "".join(f", {note}" for note in getattr(error, "__notes__", ()))
        _complain(
            f"internal error{notes}: {type(error).__name__}: {error} "
            "(set MAXOUT_DEBUG=1 for the traceback)"
        )
        return INTERNAL


# Of click 8.2 and later; 8.1 prints the help itself.
_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


class _StdoutError(Exception):
    """Stdout takes no more: its disk is full, say. Other files have their own complaints."""


class _UnreadError(Exception):
    """Nobody reads stdout any more. No OSError, of which click would make exit 1."""


class _Stdout(io.FileIO):
    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise _UnreadError from None
        except OSError as error:
            raise _StdoutError(error.strerror) from None


def _watch_stdout() -> None:
    there = sys.stdout
    if there is not sys.__stdout__ or not isinstance(there, io.TextIOWrapper):
        return  # a test's own
    there.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Stdout(there.fileno(), "w", closefd=False)),
        there.encoding,
        there.errors,
        line_buffering=there.line_buffering,
    )


def _discard(descriptor: int) -> None:
    # The interpreter flushes once more at its end, and would complain of what is left there.
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


_ENDLESS = re.compile(r"[\d,]{80,}")
"""A number that someone typed: its first digits say which."""


def _complain(message: str) -> None:
    line = _ENDLESS.sub(lambda digits: f"{digits[0][:30]}...", " ".join(message.split()))
    try:
        click.echo(f"maxout: {line}", err=True)
    except OSError:  # the code says it too
        _discard(2)
