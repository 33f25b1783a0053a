"""torch's optimizers without torch's compiler.

Building an optimizer imports all of torch._dynamo, only to mark it as not to be compiled. That costs seconds at
the start of every run, and tens of MiB for good. A run that compiles its blocks imports torch._dynamo then.
"""

from __future__ import annotations

import inspect
from typing import Any, TypeVar, cast

import torch
from torch.optim import Optimizer

Kind = TypeVar("Kind", bound=type[Optimizer])


def without_compiler(kind: Kind) -> Kind:
    """`kind` with the same arithmetic, but without the import of the compiler."""
    for name in ("add_param_group", "state_dict", "load_state_dict", "zero_grad"):
        # torch._compile looks up this attribute before it imports the compiler to create it
        plain: Any = inspect.unwrap(getattr(Optimizer, name))
        if not hasattr(plain, "__dynamo_disable"):
            setattr(plain, "__dynamo_disable", plain)
    step = torch.no_grad()(inspect.unwrap(kind.step))
    return cast(Kind, type(kind.__name__, (kind,), {"step": step}))
