"""`stickgen-tui`: read the arguments, refuse bad ones in a sentence, run the app, leave the terminal as it was."""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen import __version__
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen_tui.app import StickgenApp


def main(argv: Sequence[str] | None = None) -> None:
    """Run the terminal app; exits with 2 on bad usage or if there is no terminal."""
    arguments = parser().parse_args(argv)
    try:
        Path.cwd()
        app = build_app(arguments)
    except StickgenError as error:
        print(f"stickgen-tui: {clean(error)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:  # a name too long, a working folder that is gone
        print(f"stickgen-tui: {clean(error.filename or 'this folder')}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    if not all(
        stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)
    ):  # stderr is where Textual draws
        print(
            "stickgen-tui: needs a terminal; without one, use `stickgen train --config FILE` "
            "and `stickgen runs watch`",
            file=sys.stderr,
        )
        sys.exit(2)
    if (reason := terminal_refusal(os.environ.get("TERM", ""), sys.stderr.encoding)) is not None:
        print(
            f"stickgen-tui: {reason}; without it, use `stickgen train` and `stickgen runs watch`",
            file=sys.stderr,
        )
        sys.exit(2)
    from stickgen_tui.leaving import Leaving

    app.leaving = Leaving()
    app.run()
    sys.exit(app.return_code or 0)


def terminal_refusal(term: str, encoding: str) -> str | None:
    """Why the app cannot be drawn on this terminal; None if it can."""
    if term.lower() in {"dumb", "unknown", ""}:
        return f"TERM is {term or 'not set'}, and the app needs a terminal that moves its cursor, as xterm-256color"
    if codecs.lookup(encoding).name != "utf-8":
        return f"this terminal's encoding is {encoding}, and the app needs UTF-8: try LANG=C.UTF-8"
    return None


def parser() -> argparse.ArgumentParser:
    """The arguments of the program."""
    out = argparse.ArgumentParser(
        prog="stickgen-tui",
        description="Configure, launch and watch training runs. Leaving it leaves the runs going.",
        epilog="Inside: ? shows the keys, ctrl+p the commands. STICKGEN_RUNS names the folder of the runs.",
    )
    out.add_argument("--config", type=Path, metavar="FILE", help="the config that Enter on Home launches")
    out.add_argument("--run", metavar="RUN", help="open this run: its name or part of it, a path, or latest")
    out.add_argument("--version", action="version", version=f"stickgen {__version__}")
    return out


def build_app(arguments: argparse.Namespace) -> StickgenApp:
    """The app for these arguments. Raises StickgenError for a config or run that is not there."""
    from stickgen.runs.store import find_run, runs_root
    from stickgen_tui.app import StickgenApp

    if arguments.config is not None and not arguments.config.is_file():
        raise StickgenError(f"{arguments.config}: no such config file (the shipped ones are in configs/)")
    run = find_run(arguments.run, runs_root()) if arguments.run else None
    return StickgenApp(config=arguments.config, run=run)


if __name__ == "__main__":
    main()
