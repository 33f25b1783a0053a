"""Numbers on the command line: what Python takes for one and nothing can be done with is bad usage."""

from __future__ import annotations

import math
from typing import Any

import click

SEED = click.IntRange(0, 2**63 - 1)  # what every generator takes


class Finite(click.FloatRange):
    """A number in a range. `nan` lies in every range as click compares, and `inf` in those without an end."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number
