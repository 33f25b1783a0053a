"""Strokes are the figure's bones, and the canvas keeps its dots inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.braille import BrailleCanvas
from stickgen.motion.draw import HEAD_RADIUS, bounds, strokes
from stickgen.motion.skeleton import BONES, HEAD, NECK, PELVIS

POSE = [
    0.0,
    0.85,
    0.0,
    0.5,
    -0.1,
    0.6,
    0.1,
    0.6,
    -0.1,
    0.45,
    0.1,
    0.45,
    -0.1,
    0.25,
    0.1,
    0.25,
    -0.1,
    0,
    0.1,
    0,
]
coordinates = st.floats(-1e6, 1e6)


def dots(canvas: BrailleCanvas) -> set[tuple[int, int]]:
    bits = {0x01: (0, 0), 0x02: (0, 1), 0x04: (0, 2), 0x40: (0, 3), 0x08: (1, 0), 0x10: (1, 1), 0x20: (1, 2), 0x80: (1, 3)}  # fmt: skip
    return {
        (2 * column + x, 4 * row + y)
        for row, line in enumerate(canvas.rows())
        for column, character in enumerate(line)
        for bit, (x, y) in bits.items()
        if ord(character) & bit
    }


def test_strokes_join_the_joints_and_the_derived_neck() -> None:
    bones, head = strokes(POSE)
    assert len(bones) == len(BONES) == 10
    assert head == (0.0, 0.85)
    neck = bones[BONES.index((PELVIS, NECK))][2:]
    assert neck == pytest.approx((0.0, 0.5 + 0.78 * 0.35))
    assert bones[BONES.index((NECK, HEAD))] == (*neck, *head)
    # the arms start where the spine ends
    assert all(bone[:2] == neck for bone, (start, _) in zip(bones, BONES, strict=True) if start == NECK)


def test_bounds_leave_room_for_the_head() -> None:
    moved = [value + 1.0 for value in POSE]
    assert bounds([POSE, moved]) == pytest.approx(
        (-0.1 - HEAD_RADIUS, -HEAD_RADIUS, 1.1 + HEAD_RADIUS, 1.85 + HEAD_RADIUS)
    )


def test_a_line_has_both_ends_and_no_gap() -> None:
    canvas = BrailleCanvas(10, 5)
    canvas.line(1, 2, 16, 9)
    found = sorted(dots(canvas))
    assert found[0] == (1, 2)
    assert found[-1] == (16, 9)
    assert [x for x, _ in found] == list(range(1, 17))


def test_a_circle_is_round_and_hollow() -> None:
    canvas = BrailleCanvas(10, 5)
    canvas.circle(10, 10, 4)
    found = dots(canvas)
    assert (10, 10) not in found
    assert found == {(20 - x, y) for x, y in found} == {(x, 20 - y) for x, y in found}
    assert all(3.4 < ((x - 10) ** 2 + (y - 10) ** 2) ** 0.5 < 4.6 for x, y in found)


@given(coordinates, coordinates, coordinates, coordinates)
def test_what_lies_far_outside_costs_nothing_and_breaks_nothing(
    x0: float, y0: float, x1: float, y1: float
) -> None:
    canvas = BrailleCanvas(4, 3)
    canvas.line(x0, y0, x1, y1)
    canvas.circle(x0, y0, 3)
    rows = canvas.rows()
    assert [len(row) for row in rows] == [4, 4, 4]


def test_a_line_through_the_canvas_is_seen_where_it_crosses() -> None:
    canvas = BrailleCanvas(4, 3)
    canvas.line(-1e7, 5, 1e7, 5)
    assert dots(canvas) == {(x, 5) for x in range(8)}
