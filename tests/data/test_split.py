"""Nobody and no caption is on both sides, whatever the captions and subjects are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stickgen.data.split import TEST, TRAIN, UNDECIDED, VALIDATION, split_clips

TEXTS = st.lists(st.lists(st.text("abc", max_size=2), min_size=1, max_size=3), min_size=2, max_size=40)


@given(TEXTS, st.floats(0.01, 0.5), st.randoms(use_true_random=False))
def test_no_caption_and_no_subject_is_on_both_sides(
    texts: list[list[str]], fraction: float, chance: object
) -> None:
    subjects = [chance.choice(["", "", "", "1", "2"]) for _ in texts]  # type: ignore[attr-defined]
    sides = split_clips(texts, fraction, subjects=subjects)
    seen: dict[object, set[int]] = {}
    for side, own, subject in zip(sides, texts, subjects, strict=True):
        for mark in [*own, *([("subject", subject)] if subject else [])]:
            seen.setdefault(mark, set()).add(side)
    assert all(len(found) == 1 for found in seen.values())
    assert set(sides) <= {TRAIN, VALIDATION} and TRAIN in sides


def test_about_the_share_that_is_asked_for_is_held_out() -> None:
    texts = [[f"a person does {number}"] for number in range(1000)]
    assert 80 <= split_clips(texts, 0.1).count(VALIDATION) <= 130
    assert split_clips(texts, 0.0).count(VALIDATION) == 0
    # one caption that most have cannot be held out; the rest can
    common = [
        ["a person walks", f"text {number}"] if number < 700 else [f"text {number}"] for number in range(1000)
    ]
    sides = split_clips(common, 0.1)
    assert set(sides[:700]) == {TRAIN}
    assert 80 <= sides.count(VALIDATION) <= 150


def test_a_clip_stays_where_it_is_when_others_come() -> None:
    texts = [[f"text {number}"] for number in range(200)]
    more = [*texts, *([f"new {number}"] for number in range(20))]
    assert split_clips(more, 0.1)[:200] == split_clips(texts, 0.1)


def test_what_the_source_decided_stays_and_draws_its_own_along() -> None:
    texts = [["a"], ["a", "b"], ["b"], ["c"], ["d"]]
    stored = [VALIDATION, UNDECIDED, UNDECIDED, UNDECIDED, TEST]
    assert split_clips(texts, 0.5, stored=stored) == [VALIDATION, VALIDATION, VALIDATION, TRAIN, TEST]
