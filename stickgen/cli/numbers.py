"""Numbers on the command line: what Python takes for one and nothing can be done with is bad usage."""

from __future__ import annotations

import math
from typing import Any

import click

from stickgen.config.schema import KEY_BY_PATH

SEED = click.IntRange(0, 2**63 - 1)  # what every generator takes


class Finite(click.FloatRange):
    """A number in a range. `nan` lies in every range as click compares, and `inf` in those without an end."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class Aspect(click.ParamType[float]):
    """Width by height: `16:9`, `9x16`, `1920:1080` or `1.78`."""

    name = "aspect"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        width, _, height = str(value).replace("x", ":").replace("/", ":").partition(":")
        try:
            aspect = float(width) / float(height or 1)
        except (ValueError, ZeroDivisionError):
            aspect = math.nan
        if not 0.1 <= aspect <= 10:
            self.fail(f"{value} is no shape of a picture; write WIDTH:HEIGHT, as 16:9", param, ctx)
        return aspect


ASPECT = Aspect()


class KeyNumber(Finite):
    """A number as a key of a config takes it."""

    def __init__(self, path: str) -> None:
        self.key = KEY_BY_PATH[path]
        super().__init__(self.key.minimum, self.key.maximum)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        try:
            return self.key.check(number)
        except ValueError as error:
            self.fail(f"{value}: {error}", param, ctx)


class Several(Finite):
    """One number in a range or several, with commas between them."""

    name = "number,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):  # click may convert what is converted already
            return value
        return tuple(super(Several, self).convert(part.strip(), param, ctx) for part in str(value).split(","))
