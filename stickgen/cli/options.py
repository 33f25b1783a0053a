"""Options that several commands take, each declared once."""

from __future__ import annotations

import click

RUNS = click.option(
    "--runs", "runs", metavar="DIR", help="Where runs live (default: $STICKGEN_RUNS, else ./runs)."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print as JSON (docs/json.md).")
LINES = click.option(
    "--json", "as_json", is_flag=True, help="Print a line of JSON for each record, and for the end."
)
ENCODER = click.option(
    "--encoder", help="Text encoder (default: the config's data.encoder, if stickgen knows it)."
)
OVERRIDES = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A value that wins over the config's."
)
REPLACING = click.option(
    "-o", "output", metavar="FILE", help="The dataset to write (default: the one that is read is replaced)."
)
FORMAT = click.option(
    "--format",
    "written_as",
    metavar="NAME",
    help="How it is written, whatever FILE ends with (docs/export-motion.md).",
)
STYLE = click.option(
    "--style",
    metavar="FILE",
    help="A small YAML file with the figure's look: colours, lines, background, size, fps.",
)
