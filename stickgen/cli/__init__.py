"""The command line: parse, call, print. Each command lives in a file of its own and is imported when it is asked for."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from pathlib import Path

import click

from stickgen import __version__
from stickgen.cli import output
from stickgen.cli.exit_codes import ExitCode
from stickgen.cli.streams import describe, drop, finish_streams, is_about_output, prepare_streams
from stickgen.data import cut_short
from stickgen.errors import StickgenError
from stickgen.text import clean

# name of the command → (module, one line for --help), in the order in which --help lists them
COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("stickgen.cli.train", "Train a model, with progress, or detached from this terminal."),
    "hardware": ("stickgen.cli.hardware", "Show what this machine has."),
    "recommend": ("stickgen.cli.recommend", "Recommend a preset for this machine, or for one you describe."),
    "estimate": ("stickgen.cli.estimate", "Predict memory, time and disk of a run before it is launched."),
    "advise": ("stickgen.cli.advise", "Edits of a config against too little memory, time or quality."),
    "config": ("stickgen.cli.config", "Check, show and edit training configs."),
    "data": ("stickgen.cli.data", "Make, import, embed and look at datasets."),
    "runs": ("stickgen.cli.runs", "List, compare, watch, save, stop and remove runs."),
    "queue": ("stickgen.cli.queue", "Trainings that start one after another when the machine is free."),
    "generate": ("stickgen.cli.generate", "Draw the motion of a text with a trained model."),
    "evaluate": (
        "stickgen.cli.evaluate",
        "Measure a trained model's motion against real motion, or two models.",
    ),
    "mcp": ("stickgen.cli.mcp", "Let an assistant read runs, by the Model Context Protocol."),
    "export": ("stickgen.cli.export", "Write a trained model as a folder that other programs can load."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are called, so that --help is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: stickgen recommend   The terminal app: stickgen-tui",
)
@click.version_option(__version__, prog_name="stickgen")
def root() -> None:
    """Train a small text-to-motion model on your own machine, and watch it learn."""


def main() -> None:
    """Run the command line; errors a person can fix are one sentence and an exit code, never a traceback."""
    prepare_streams()
    # before anything loads torch: threads that wait for others would spin on the cores that those others need
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    cut_short.exit_code = ExitCode.FAILED
    output.document_printed = False
    code = _run()
    if (reason := finish_streams()) and code == ExitCode.DONE:
        _say(reason)
        code = ExitCode.FAILED
    sys.exit(int(code))


def _hint(error: StickgenError) -> str:
    """The command that fixes what the YAML editor, which knows no commands, refuses."""
    from stickgen.yaml_edit import RepeatedKeyError

    if isinstance(error, RepeatedKeyError):
        return "\n`stickgen config fmt-check --fix` keeps the last, as PyYAML reads it"
    return ""


def _run() -> int:
    try:
        Path.cwd()  # a folder that is gone is a traceback in whatever asks next
        code = root.main(standalone_mode=False)
        return code if isinstance(code, int) else ExitCode.DONE
    except StickgenError as error:
        return _refuse(f"{error}{_hint(error)}", error.exit_code)
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        _print_error(error.format_message(), ExitCode.REFUSED)
        return ExitCode.REFUSED
    except (click.Abort, KeyboardInterrupt):
        _print_error("stopped", ExitCode.STOPPED)
        return ExitCode.STOPPED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BrokenPipeError:
        return ExitCode.DONE
    except OSError as error:
        if is_about_output(error):
            drop(sys.stdout)
            _say(describe(error))
            return ExitCode.FAILED
        return _refuse(_about_a_file(error), ExitCode.REFUSED)
    except UnicodeEncodeError as error:
        sentence = (
            f"{error.object[:100]!a}: it holds half of a character, which is no text; write it in UTF-8"
        )
        return _refuse(sentence, ExitCode.REFUSED)
    except Exception as error:
        if isinstance(error, ValueError) and "null byte" in str(error):
            sentence = (
                "a name of a file, in the arguments or in the config, holds a zero byte; name another file"
            )
            return _refuse(sentence, ExitCode.REFUSED)
        if os.environ.get("STICKGEN_TRACEBACK"):
            raise
        what = str(error).strip().partition("\n")[0][:300]
        return _refuse(
            f"unexpected {type(error).__name__}: {what}; this is a fault of stickgen: please report it with what "
            "STICKGEN_TRACEBACK=1 in the environment shows",
            ExitCode.FAILED,
        )


def _refuse(sentence: str, code: int) -> int:
    """Say why a command did not do it, to a person and, with --json, to a program. Returns the exit code."""
    _say(sentence)
    _print_error(sentence, code)
    return code


def _print_error(sentence: str, code: int) -> None:
    """With --json, the error as the one document on stdout, unless that was printed before."""
    arguments = sys.argv[1 : sys.argv.index("--") if "--" in sys.argv else None]
    if "--json" in arguments and not output.document_printed:
        with contextlib.suppress(OSError):
            click.echo(
                output.json_text("error", {"error": clean(sentence), "exit_code": int(code)}, line=True)
            )


def _about_a_file(error: OSError) -> str:
    """A sentence about a file or folder that the system refused and nobody looked at before."""
    try:
        Path.cwd()
    except OSError:
        return (
            "the folder that this shell is in is gone; go to another one, and come back if it was made anew"
        )
    name = error.filename if error.filename is not None else "a file"
    return f"{os.fsdecode(name) if isinstance(name, str | bytes) else name}: {error.strerror or error}"


def _say(sentence: object) -> None:
    with contextlib.suppress(OSError):
        click.echo(f"stickgen: {clean(sentence)}", err=True)
