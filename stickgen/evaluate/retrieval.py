"""Does a motion find its own text among thirty-two? Pools are fixed, and no two texts of a pool mean the same."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

POOLS, POOL_SIZE, LEAST_POOL = 20, 32, 8
NEAR_DUPLICATE = 0.8  # texts whose latents have at least this cosine count as one
RANKS = 3


@dataclass(frozen=True)
class Pools:
    """The indices of the prompts in each pool, [pools, size]."""

    members: Tensor

    @classmethod
    def of(cls, texts: Tensor) -> Pools | None:
        """Pools of prompts whose texts' latents [seeds, n, d] are far enough apart, averaged over the seeds.

        They are as large as the prompts allow, up to 32. None if fewer than 8 prompts are different.
        """
        likeness = (texts @ texts.transpose(1, 2)).mean(0)
        generator = torch.Generator().manual_seed(11)
        pools: list[list[int]] = []
        for _ in range(POOLS):
            pool: list[int] = []
            for candidate in torch.randperm(len(likeness), generator=generator).tolist():
                if not pool or float(likeness[candidate, pool].max()) < NEAR_DUPLICATE:
                    pool.append(candidate)
                if len(pool) == POOL_SIZE:
                    break
            pools.append(pool)
        size = min(map(len, pools))
        return cls(torch.tensor([pool[:size] for pool in pools])) if size >= LEAST_POOL else None

    @property
    def size(self) -> int:
        """Prompts in a pool."""
        return self.members.shape[1]

    def hits(self, motions: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
        """For each prompt, in how many pools its motion ranks its text in the top one, two and three, [n, 3].

        And the number of pools that it is in, [n]. `motions` and `texts` are latents [n, d].
        """
        found, asked = torch.zeros(len(motions), RANKS).double(), torch.zeros(len(motions)).double()
        for pool in self.members:
            scores = motions[pool] @ texts[pool].T
            rank = (scores > scores.diag()[:, None]).sum(1)
            for place in range(RANKS):
                found[pool, place] += (rank <= place).double()
            asked[pool] += 1
        return found, asked
