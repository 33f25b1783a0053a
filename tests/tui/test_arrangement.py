"""Where the panels of the monitor stand: all rules hold for every order, size and choice of hidden ones."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from stickgen_tui.panels.arrangement import Arrangement, Need

NEEDS = {
    "curves": Need(50, 3), "figure": Need(30, 2), "numbers": Need(52, 0), "events": Need(48), "log": Need(48),
}  # fmt: skip
USUAL = Arrangement(("curves", "figure"), ("numbers", "events", "log"))
names = st.sampled_from(sorted(NEEDS))
moves = st.lists(
    st.one_of(names.map(lambda name: (name, 0)), st.tuples(names, st.integers(-6, 6))), max_size=12
)


def changed(steps: list[tuple[str, int]]) -> Arrangement:
    out = USUAL
    for name, by in steps:
        out = out.moved(name, by) if by else out.toggled(name)
    return out


@given(moves, st.integers(1, 300), st.integers(1, 100))
def test_panels_fill_the_board_and_never_overlap(
    steps: list[tuple[str, int]], width: int, height: int
) -> None:
    arrangement = changed(steps)
    regions = arrangement.regions(Size(width, height), NEEDS)
    shown = set(NEEDS) - arrangement.hidden
    assert regions and set(regions) <= shown
    assert sum(region.area for region in regions.values()) == width * height
    covered = [
        (x, y) for r in regions.values() for x in (r.x, r.right - 1) for y in (r.y, r.bottom - 1) if r.area
    ]
    assert all(0 <= x < width and 0 <= y < height for x, y in covered)
    for name, region in regions.items():
        others = [other for key, other in regions.items() if key != name and other.area]
        assert not region.area or not any(region.overlaps(other) for other in others)
    if width >= 200 and height >= 50:
        assert set(regions) == shown


@given(moves)
def test_no_panel_is_ever_lost(steps: list[tuple[str, int]]) -> None:
    arrangement = changed(steps)
    assert sorted(arrangement.upper + arrangement.lower) == sorted(NEEDS)
    assert arrangement.hidden != set(NEEDS)
    assert USUAL.from_json(arrangement.to_json()) == arrangement


@given(st.recursive(st.none() | st.integers() | st.text() | names, lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["upper", "lower", "hidden"]), inner), max_leaves=12))  # fmt: skip
def test_whatever_was_kept_gives_an_arrangement_of_all_panels(value: Any) -> None:
    arrangement = USUAL.from_json(value)
    assert sorted(arrangement.upper + arrangement.lower) == sorted(NEEDS)
    assert set(NEEDS) - arrangement.hidden


def test_narrow_shows_the_upper_row_beside_each_other_and_one_alone_fills_it() -> None:
    assert set(USUAL.regions(Size(80, 20), NEEDS)) == {"curves", "figure"}
    assert USUAL.regions(Size(80, 20), NEEDS, only="log")["log"].size == Size(80, 20)
    wide = USUAL.regions(Size(120, 36), NEEDS)
    assert wide["events"].x == wide["log"].x > wide["numbers"].x  # stacked: three would be too narrow
    three = USUAL.regions(Size(200, 56), NEEDS)
    assert three["events"].y == three["log"].y == three["numbers"].y
