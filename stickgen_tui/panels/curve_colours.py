"""The colours of curves, as commands of the palette."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from stickgen_tui.charts.palettes import PALETTES
from stickgen_tui.panels.curves import CurvesPanel

_HELP = "Colours of the curves; the choice is kept"


class CurveColours(Provider):
    """Offers each palette of colours that curves can have."""

    def _commands(self) -> list[tuple[str, partial[None]]]:
        panels = list(self.screen.query(CurvesPanel))
        return (
            [(f"Curve colours: {name}", partial(panels[0].colour, name)) for name in PALETTES]
            if panels
            else []
        )

    async def discover(self) -> Hits:
        for title, command in self._commands():
            yield DiscoveryHit(title, command, help=_HELP)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, command in self._commands():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), command, help=_HELP)
