"""The opposite of a text turns round what a motion can be told by, and nothing else."""

from __future__ import annotations

import pytest

from stickgen.data.opposites import opposite


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("a person waves with the left hand", "a person waves with the right hand"),
        ("He walks Forward, then turns clockwise", "He walks Backward, then turns counterclockwise"),
        ("RUNS FAST", "RUNS SLOW"),
        ("kicks high and quickly", "kicks low and slowly"),
        ("hurriedly backs off", "leisurely backs off"),
    ],
)
def test_sides_ways_speeds_and_heights_are_turned_round(text: str, other: str) -> None:
    assert opposite(text) == other


@pytest.mark.parametrize(
    "text", ["a man sits down", "he breakfasts right away", "the bag is left behind", ""]
)
def test_a_text_that_names_none_has_no_opposite(text: str) -> None:
    assert opposite(text) is None
