"""torch's optimizers without torch's compiler.

Building one imports all of torch._dynamo, only so that a compiler would leave the optimizer alone: seconds at
the start of every run, and tens of MiB that stay. A run that compiles its blocks imports it then.
"""

from __future__ import annotations

import inspect
from typing import Any, TypeVar, cast

import torch
from torch.optim import Optimizer

Kind = TypeVar("Kind", bound=type[Optimizer])


def without_compiler(kind: Kind) -> Kind:
    """`kind` with the same arithmetic, which no longer asks for the compiler."""
    for name in ("add_param_group", "state_dict", "load_state_dict", "zero_grad"):
        # torch._compile looks here before it imports the compiler to make what it would call instead
        plain: Any = inspect.unwrap(getattr(Optimizer, name))
        if not hasattr(plain, "__dynamo_disable"):
            setattr(plain, "__dynamo_disable", plain)
    step = torch.no_grad()(inspect.unwrap(kind.step))
    return cast(Kind, type(kind.__name__, (kind,), {"step": step}))
