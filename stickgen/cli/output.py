"""The options of commands that write files."""

from __future__ import annotations

import click

FORCE = click.option("--force", is_flag=True, help="Replace a file of the same kind that is there already.")
