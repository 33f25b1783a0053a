"""`stickgen mcp`: runs for assistants, over standard input and output."""

from __future__ import annotations

from pathlib import Path

import click

from stickgen.cli.options import RUNS
from stickgen.errors import StickgenError

MISSING = 'stickgen mcp needs the package mcp: pip install "stickgen[mcp]"'


@click.command("mcp", epilog="Example: claude mcp add stickgen -- stickgen mcp --runs ~/motion/runs")
@RUNS
@click.option("--allow-control", is_flag=True, help="Also let it ask for samples, checkpoints and stops.")
def command(runs: str | None, allow_control: bool) -> None:
    """Serve runs to an assistant by the Model Context Protocol (docs/mcp.md), read-only.

    It speaks on standard input and output; an assistant's program starts it. It reads the folder of the runs and nothing
    else, and listens on no network.
    """
    from stickgen.runs.store import runs_root

    try:
        from stickgen.mcp.server import make_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"mcp", "mcp_types", "pydantic"}:
            raise
        raise StickgenError(MISSING) from error
    root = (Path(runs) if runs else runs_root()).absolute()
    make_server(root, allow_control=allow_control).run("stdio")
