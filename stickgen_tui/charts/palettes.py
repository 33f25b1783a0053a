"""The colours of curves. Which one is used is a person's choice; curves differ in kind and glyph as well."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours of the curves of one run, and of the curves of several."""

    train: str
    validation: str
    baseline: str
    runs: tuple[str, ...]


# The theme's own, and eight that people with any kind of colour blindness tell apart (Okabe and Ito, 2008), the blue
# and the vermilion a little lighter so that they can be read on a dark ground.
PALETTES: dict[str, Palette] = {
    "theme": Palette(
        "$primary",
        "$text-warning",
        "$text-error",
        ("$primary", "$text-warning", "$text-success", "$text-accent", "$text-error", "$secondary"),
    ),
    "colour-blind": Palette(
        "#56b4e9",
        "#e69f00",
        "#cc79a7",
        ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#e0703a", "#f0e442", "#3f8fc6", "#999999"),
    ),
}
REMEMBERED = "charts.palette"
USUAL = "theme"


def palette_named(name: object) -> Palette:
    """The palette of that name; the usual one if there is none."""
    return PALETTES.get(name, PALETTES[USUAL]) if isinstance(name, str) else PALETTES[USUAL]
