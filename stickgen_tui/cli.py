"""`stickgen-tui`: read the arguments, refuse bad ones in a sentence, run the app, leave the terminal as it was."""

from __future__ import annotations

import argparse
import codecs
import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from stickgen import __version__
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen_tui.app import StickgenApp

WEB_MISSING = '--web needs two packages: pip install "stickgen[web]"'


def main(argv: Sequence[str] | None = None) -> None:
    """Run the app, in a terminal or a browser; exits with 2 on bad usage or if there is no terminal."""
    arguments = parser().parse_args(argv)
    if not (arguments.plain or arguments.web):  # these go on for long, with no frame of their own
        gc.disable()  # what a start makes stays: the app collects once its first frame is there
    try:
        _main(arguments)
    finally:
        gc.enable()


def _main(arguments: argparse.Namespace) -> None:
    try:
        Path.cwd()
        if arguments.keys:
            from stickgen_tui.keys_file import as_file

            print(as_file(), end="")
            return
        if arguments.plain:
            sys.exit(_tell(arguments))
        app = build_app(arguments)
        if arguments.web:
            _serve(arguments)
            return
    except StickgenError as error:
        print(f"stickgen-tui: {clean(error)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:  # a name too long, a working folder that is gone
        print(f"stickgen-tui: {clean(error.filename or 'this folder')}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    if arguments.in_browser:
        _run_in_tab(app, arguments.demo)
    if not all(
        stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)
    ):  # stderr is where Textual draws
        print(
            "stickgen-tui: needs a terminal; without one, use `stickgen train --config FILE` "
            "and `stickgen runs watch`, or `stickgen-tui --plain`",
            file=sys.stderr,
        )
        sys.exit(2)
    if (reason := terminal_refusal(os.environ.get("TERM", ""), sys.stderr.encoding)) is not None:
        print(
            f"stickgen-tui: {reason}; without it, use `stickgen-tui --plain`, `stickgen train` and `stickgen runs watch`",
            file=sys.stderr,
        )
        sys.exit(2)
    from stickgen_tui.leaving import Leaving

    app.leaving = Leaving()
    _run(app, arguments.demo)


def _run(app: StickgenApp, demo: bool) -> NoReturn:
    """Run the app to its end, on a recorded run if it is to be a `demo`."""
    if not demo:
        app.run()
        sys.exit(app.return_code or 0)
    from stickgen_tui.demo.starting import TOLD, Demo

    try:
        with Demo() as run:
            app.first_run, app.first_notice = run, TOLD
            app.run()
    except StickgenError as error:
        print(f"stickgen-tui: {clean(error)}", file=sys.stderr)
        sys.exit(error.exit_code)
    sys.exit(app.return_code or 0)


def _tell(arguments: argparse.Namespace) -> int:
    """Tell of the runs in sentences. Returns the exit code. Raises StickgenError for a run that is not there."""
    from stickgen.runs.store import find_run, runs_root
    from stickgen_tui.plain import follow_in_words

    root = runs_root()
    if not arguments.demo:
        return follow_in_words(root, find_run(arguments.run, root) if arguments.run else None)
    from stickgen_tui.demo.starting import REPLAYED, Demo

    with Demo() as run:
        print(REPLAYED, flush=True)
        return follow_in_words(root, run)


def _serve(arguments: argparse.Namespace) -> None:
    """Serve the app to a browser. Raises StickgenError without its extra, or without a port."""
    try:
        from stickgen_tui.web.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"aiohttp", "aiohttp_jinja2", "textual_serve"}:
            raise
        raise StickgenError(WEB_MISSING) from error
    options = []
    if arguments.config is not None:
        options.append(f"--config={arguments.config.absolute()}")
    if arguments.run:
        options.append(f"--run={arguments.run}")
    if arguments.demo:
        options.append("--demo")
    serve(options, arguments.port)


def _run_in_tab(app: StickgenApp, demo: bool) -> NoReturn:
    """Be the app of one tab, over pipes to the server."""
    from stickgen_tui.web.tab import end_with_server

    app.leave_on_signals = True
    end_with_server(lambda: os.kill(os.getpid(), signal.SIGTERM))
    _run(app, demo)


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
    out.add_argument(
        "--plain",
        action="store_true",
        help="tell of the runs in sentences, for a screen reader or a plain terminal",
    )
    out.add_argument("--demo", action="store_true", help="replay a recorded run; nothing trains")
    out.add_argument("--web", action="store_true", help="serve the app to a browser of this machine")
    out.add_argument(
        "--port",
        type=_port,
        default=8765,
        metavar="N",
        help="with --web (default: 8765; 0: any that is free)",
    )
    out.add_argument("--in-browser", action="store_true", help=argparse.SUPPRESS)  # a tab of --web
    out.add_argument(
        "--keys", action="store_true", help="print every action with its keys, as a keys.yaml to start from"
    )
    out.add_argument("--version", action="version", version=f"stickgen {__version__}")
    return out


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r}: a port is a number from 0 to 65535")
    return int(text)


def build_app(arguments: argparse.Namespace) -> StickgenApp:
    """The app for these arguments. Raises StickgenError for a config or run that is not there."""
    from stickgen_tui.app import StickgenApp

    if arguments.demo and arguments.run:
        raise StickgenError("--demo shows a recorded run; drop it, or --run")
    if arguments.config is not None and not arguments.config.is_file():
        raise StickgenError(f"{arguments.config}: no such config file (the shipped ones are in configs/)")
    run = None
    if arguments.run:
        from stickgen.runs.store import find_run, runs_root  # late: Home is there without it

        run = find_run(arguments.run, runs_root())
    return StickgenApp(config=arguments.config, run=run, keymap=changed_keys())


def changed_keys() -> Mapping[str, str]:
    """The keys that a person has changed. Raises StickgenError for a file of keys that cannot be used."""
    from stickgen.folders import config_path

    path = config_path("keys.yaml")
    if not path.exists():  # as a rule: what reads it loads every screen
        return {}
    from stickgen_tui.keys_file import read_keymap

    return read_keymap(path)


if __name__ == "__main__":
    main()
