"""Pools without near-duplicates, and who finds their own text in them."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize

from stickgen.evaluate.retrieval import NEAR_DUPLICATE, Pools


def texts(count: int, seed: int = 0) -> torch.Tensor:
    return normalize(torch.randn(count, 64, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_no_two_texts_of_a_pool_say_the_same() -> None:
    different = texts(40)
    latents = torch.cat((different, normalize(different + 0.02 * texts(40, 1), dim=1)))[None]
    pools = Pools.of(latents)
    assert pools is not None and pools.size == 32
    for pool in pools.members:
        likeness = latents[0, pool] @ latents[0, pool].T
        assert float((likeness - torch.eye(32)).max()) < NEAR_DUPLICATE


def test_pools_shrink_to_what_there_is_and_vanish_below_eight() -> None:
    small = Pools.of(texts(12)[None])
    assert small is not None and small.size == 12
    assert Pools.of(texts(7)[None]) is None
    assert Pools.of(texts(1).expand(50, -1)[None]) is None, "fifty times one text"


def test_who_equals_their_text_is_first_and_who_equals_nothing_is_anywhere() -> None:
    own = texts(64)
    pools = Pools.of(own[None])
    assert pools is not None
    hits, asked = pools.hits(own, own)
    assert torch.equal(hits[:, 0], asked)
    lost, asked = pools.hits(texts(64, seed=5), own)
    share = (lost.sum(0) / asked.sum()).tolist()
    assert 0 < share[0] < share[1] < share[2] < 0.25
