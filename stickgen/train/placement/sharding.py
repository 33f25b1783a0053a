"""Sharded weights (FSDP2): each process of a run holds a part of every matrix, its gradient and its moments.

A block's weights are gathered when it computes and freed afterwards; its gradient is summed and cut up at once.
This trains models whose weights, average, gradients and moments no single GPU could hold. Every process must
make the same number of passes, or those that gather wait forever.

torch's part of it is imported late: that takes more than a second, which runs without shards are spared.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from stickgen.model.transformer import MotionTransformer


def shard(model: MotionTransformer, device: torch.device, processes: int) -> None:
    """Cut the weights of `model`, which may lie on the CPU, into one shard per process, on `device`.

    Block by block, so that the device never holds more than one whole block.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (processes,))
    for module in (*model.blocks, model):
        cut = fully_shard(module, mesh=mesh)
        # a step's loss is divided by its clips already, so gradients are summed, not averaged
        cut.set_gradient_divide_factor(1.0)
        cut.set_force_sum_reduction_for_comms(True)
    model.sharded = True


def own_part(tensor: Tensor) -> Tensor:
    """The part of `tensor` that this process holds, in the same memory."""
    part: Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return part


def whole(tensor: Tensor) -> Tensor:
    """The whole of `tensor`. All processes must call it."""
    found: Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return found


def cut_like(tensor: Tensor, parameter: Tensor) -> Tensor:
    """This process's part of `tensor`, of which each process has the whole, cut as `parameter` is."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    assert isinstance(parameter, DTensor)
    if not tensor.ndim:  # a count of steps
        return tensor.to(parameter.device)
    mesh, placements = parameter.device_mesh, parameter.placements
    return distribute_tensor(tensor.to(parameter.device), mesh, placements, src_data_rank=None)


def gathered(tensors: Mapping[str, Tensor], *, keep: bool) -> dict[str, Tensor]:
    """The whole of every tensor on the CPU, on processes that `keep` it. All processes must call it."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        all_of_it = whole(tensor.detach())
        if keep:
            found[name] = all_of_it.to("cpu", copy=True)
    return found
