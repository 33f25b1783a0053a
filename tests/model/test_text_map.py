"""What foretells motion is made loud, and nothing is lost."""

from __future__ import annotations

import torch

from stickgen.model.text_map import motion_summary, text_map


def pairs(n: int = 600, width: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings in which a tenth of one direction decides what the motion is like; the rest says nothing."""
    generator = torch.Generator().manual_seed(3)
    side = torch.randint(0, 2, (n,), generator=generator).float() * 2 - 1
    texts = torch.randn(n, width, generator=generator)
    texts[:, 0] = 0.1 * side + 0.02 * torch.randn(n, generator=generator)
    summaries = torch.randn(n, 8, generator=generator)
    summaries[:, 2] = 5 * side + summaries[:, 2]
    return texts, summaries


def test_the_direction_that_decides_the_motion_becomes_loud() -> None:
    texts, summaries = pairs()
    mapped = texts @ text_map([(texts, summaries)])
    right = summaries[:, 2] > 0

    def contrast(x: torch.Tensor) -> float:
        """How far the two sides lie apart, in typical distances of two texts."""
        return float((x[right].mean(0) - x[~right].mean(0)).norm() / (x[:300] - x[300:]).norm(dim=1).mean())

    assert contrast(texts) < 0.1
    assert contrast(mapped) > 3 * contrast(texts)


def test_parts_say_what_the_whole_says() -> None:
    texts, summaries = pairs()
    whole = text_map([(texts, summaries)])
    parts = text_map((texts[i : i + 7], summaries[i : i + 7]) for i in range(0, len(texts), 7))
    torch.testing.assert_close(whole, parts)


def test_no_two_texts_become_one() -> None:
    texts, summaries = pairs()
    assert torch.linalg.matrix_rank(text_map([(texts, summaries)])) == texts.shape[1]


def test_too_few_pairs_say_nothing() -> None:
    texts, summaries = pairs(3)
    assert torch.equal(text_map([(texts, summaries)]), torch.eye(32))


def test_equal_motions_say_nothing_and_break_nothing() -> None:
    texts, _ = pairs()
    mapped = texts @ text_map([(texts, torch.ones(len(texts), 8))])
    assert torch.isfinite(mapped).all()


def test_a_summary_is_finite_and_does_not_depend_on_where_the_motion_begins() -> None:
    motion = torch.rand(40, 20, generator=torch.Generator().manual_seed(0))
    one = motion_summary(motion)
    assert one.shape == (76,) and torch.isfinite(one).all()
    assert torch.isfinite(motion_summary(motion[:2])).all()
    moved = motion.clone()
    moved[:, 0::2] += 3.0
    torch.testing.assert_close(motion_summary(moved)[:70], one[:70], atol=1e-4, rtol=1e-4)


def test_texts_that_are_all_the_same_change_nothing() -> None:
    """Standardised, they are zeros: no direction foretells anything."""
    assert torch.equal(text_map([(torch.zeros(64, 16), torch.randn(64, 8))]), torch.eye(16))
