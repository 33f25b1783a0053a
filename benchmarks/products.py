"""What multiplies fastest in a training step: the linear maps of the blocks by one library after the other.

    python benchmarks/products.py [--preset small] [--batch-size 4] [--threads 1] [--turns 7] [--set KEY=VALUE]

The engine's own optimizer step on made-up clips of 250 frames, dropout 0, where the linear maps compute by

- torch.mm: torch's choice for fp32, which is MKL on x86, forward and backward
- oneDNN: its fp32 product forward and for the gradient of the input; that of the weight stays with torch.mm,
  which is faster there
- int8: forward and gradient of the input in int8, each row scaled to its largest value, the gradient of the
  weight in fp32 (SwitchBack, arXiv 2304.13013); where torch._int_mm has no kernel, as on AVX2 without VNNI, it takes
  minutes: --without int8
- int8 packed: the same by the kernels that torch has for quantized inference (`--packed-by` onednn, fbgemm or x86), which
  quantize the input as they read it, 7 bits and one scale a tensor; weights are packed once a step
- bf16: autocast, which `device.precision: auto` takes where the processor multiplies bf16

They take turns, a step each. Ratios are medians over the turns of the process's CPU time against torch.mm's. To hold
oneDNN to an older instruction set, set ONEDNN_MAX_CPU_ISA (AVX2).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from engine import Engine
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from stickgen.config.loading import TrainingConfig, parse_override
from stickgen.config.presets import preset_path
from stickgen.train.batching.clips import open_clips
from stickgen.train.trial import make_clips

EMBEDDING = 384
_stock = nn.Linear.forward


def rows(x: Tensor) -> Tensor:
    """[…, n] → [rows, n]."""
    return x.reshape(-1, x.shape[-1])


class OneDNN(torch.autograd.Function):
    """x · wᵀ by oneDNN."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        ctx.save_for_backward(x, w)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x, w, None, "none", [], "")
        return product

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        x, w = ctx.saved_tensors
        return torch.ops.mkldnn._linear_pointwise(g, w.t(), None, "none", [], ""), rows(g).t() @ rows(x)


def scaled(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """`x` as int8 and the scale along `dim` that gives it back."""
    scale = x.abs().amax(dim, keepdim=True).clamp_min(1e-12) / 127
    return (x / scale).round_().to(torch.int8), scale


class Int8(torch.autograd.Function):
    """x · wᵀ in int8, summed in int32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        ctx.save_for_backward(x, w)
        a, a_scale = scaled(rows(x), 1)
        b, b_scale = scaled(w, 1)
        product = torch._int_mm(a, b.t()).float().mul_(a_scale).mul_(b_scale.t())
        return product.view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        x, w = ctx.saved_tensors
        a, a_scale = scaled(rows(g), 1)
        b, b_scale = scaled(w, 0)
        g_x = torch._int_mm(a, b).float().mul_(a_scale).mul_(b_scale)
        return g_x.view(x.shape), rows(g).t() @ rows(x)


class Int8Packed(torch.autograd.Function):
    """x · wᵀ by torch's kernels for dynamically quantized inference."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        ctx.save_for_backward(x, w)
        product: Tensor = torch.ops.quantized.linear_dynamic(x, packed(w, False), True)
        return product

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        x, w = ctx.saved_tensors
        g_x = torch.ops.quantized.linear_dynamic(g.contiguous(), packed(w, True), True)
        return g_x, rows(g).t() @ rows(x)


_packed: dict[tuple[int, bool], tuple[int, Any]] = {}  # by address of the weight: its version, and it


def packed(w: Tensor, transposed: bool) -> Any:
    """`w`, or its transpose, as int8 in the kernels' layout; made anew only when the optimizer has moved it."""
    found = _packed.get((w.data_ptr(), transposed))
    if found is None or found[0] != w._version:
        plain = (w.t() if transposed else w).detach().contiguous()
        scale = float(plain.abs().amax()) / 127
        int8 = torch.quantize_per_tensor(plain, scale, 0, torch.qint8)
        found = w._version, torch.ops.quantized.linear_prepack(int8, None)
        _packed[w.data_ptr(), transposed] = found
    return found[1]


def through(function: type[torch.autograd.Function]) -> Callable[[nn.Linear, Tensor], Tensor]:
    """A forward of `nn.Linear` that multiplies by `function`; maps with a bias are small and stay as they are."""

    def forward(module: nn.Linear, x: Tensor) -> Tensor:
        if module.bias is not None:
            return _stock(module, x)
        product: Tensor = function.apply(x, module.weight)
        return product

    return forward


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="small")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--without", action="append", default=[], help="a way to leave out")
    parser.add_argument("--packed-by", default="onednn", choices=torch.backends.quantized.supported_engines)
    options = parser.parse_args()
    torch.backends.quantized.engine = options.packed_by
    torch.set_num_threads(options.threads)
    changes = {
        "training.batch_size": options.batch_size, "training.grad_accum_steps": 1, "model.dropout": 0.0,
        "device.type": "cpu", "training.compile": "never", "model.embedding_dim": EMBEDDING,
        **dict(parse_override(change) for change in options.set),
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="stickgen-bench-") as folder:
        data = Path(folder) / "clips.pt"
        make_clips(data, [250] * 2 * options.batch_size, [250], EMBEDDING)

        def engine(precision: str) -> Engine:
            config = TrainingConfig(preset_path(options.preset), {**changes, "device.precision": precision})
            clips = open_clips(str(data), config)
            return Engine(config, clips, clips.fit_normaliser())

        ways: dict[str, tuple[Engine, Callable[[nn.Linear, Tensor], Tensor]]] = {}
        fp32 = engine("fp32")
        ways["torch.mm"] = fp32, _stock
        ways["oneDNN"] = fp32, through(OneDNN)
        ways["int8"] = fp32, through(Int8)
        ways["int8 packed"] = fp32, through(Int8Packed)
        ways["bf16"] = engine("bf16"), _stock
        for name in options.without:
            del ways[name]
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(options.turns + 1):
            for name, (trained, forward) in ways.items():
                nn.Linear.forward = forward  # type: ignore[method-assign,assignment]
                began = time.process_time()
                trained.step()
                if turn:
                    taken[name].append(time.process_time() - began)
    print(f"{options.preset}, micro-batch {options.batch_size}, {options.threads} threads")
    for name, seconds in taken.items():
        ratio = statistics.median(base / one for base, one in zip(taken["torch.mm"], seconds, strict=True))
        rate = options.batch_size / statistics.median(seconds)
        print(f"{name:<11} {rate:7.1f} clips a CPU second, {ratio:5.2f} times torch.mm", flush=True)


if __name__ == "__main__":
    main()
