"""What the hand-written kernels and the choice of the attention rest on: each beside what it replaces, in turn.

    python benchmarks/kernels.py [--clips 4] [--d-model 256] [--heads 8] [--repeats 15]

Milliseconds, the median of the repeats; both of a pair run alternately, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.model import kernels
from stickgen.model.attention import explicit

FRAMES = 251  # the longest window, with the text's token in front


def alternately(repeats: int, **pair: Callable[[], object]) -> dict[str, float]:
    """Median milliseconds of each, taken in turn after a round that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in pair}
    for round_number in range(repeats + 1):
        for name, work in pair.items():
            began = time.perf_counter()
            work()
            if round_number:
                taken[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(times) for name, times in taken.items()}


def both_ways(function: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[], None]:
    """`function` of `x`, forward and backward."""

    def work() -> None:
        leaf = x.detach().requires_grad_()
        function(leaf).sum().backward()

    return work


def main() -> None:
    """Measure the pairs and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--d-model", type=int, default=256)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.manual_seed(0)
    b, d, heads = options.clips, options.d_model, options.heads
    x = torch.randn(b, FRAMES, d)
    gain, shift = torch.rand(b, 1, d), torch.rand(b, 1, d)
    wide = torch.randn(b, FRAMES, 8 * d)
    qkv = torch.randn(3, b, heads, FRAMES, d // heads)
    rows = {
        "norm, scale and shift": {
            "by hand": both_ways(lambda t: kernels.modulated_norm(t, gain, shift, 1e-6), x),
            "plain": both_ways(lambda t: kernels.plain_modulated_norm(t, gain, shift, 1e-6), x),
        },
        "SwiGLU": {
            "by hand": both_ways(kernels.swiglu, wide),
            "plain": both_ways(kernels.plain_swiglu, wide),
        },
        "mask of dropout 0.1": {
            "a byte a value": lambda: kernels.keep_mask(x.shape, 0.1, x.device),
            "bernoulli_": lambda: torch.empty_like(x).bernoulli_(0.9),
            "F.dropout": lambda: F.dropout(x, 0.1),
        },
        "attention": {
            "SDPA": both_ways(lambda t: F.scaled_dot_product_attention(*t), qkv),
            "written out": both_ways(lambda t: explicit(*t, None), qkv),
        },
    }
    print(
        f"{b} clips of {FRAMES} tokens, d_model {d}, {heads} heads, fp32, {torch.get_num_threads()} threads; ms"
    )
    for title, pair in rows.items():
        times = alternately(options.repeats, **pair)
        print(f"{title:<24}" + "".join(f"  {name} {ms:7.2f}" for name, ms in times.items()))


if __name__ == "__main__":
    main()
