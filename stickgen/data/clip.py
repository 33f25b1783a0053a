"""One clip on its way into a dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass
class Clip:
    """A motion with what is known of it."""

    motion: NDArray[np.float32]  # [t, 20], skeleton units, 25 fps
    texts: list[str]  # one or more captions
    actions: NDArray[np.int16]  # [t], index of the action, -1 if unknown
    source: str
    licence: str
    name: str
    view: str | None = (
        None  # `side`, `front`, `turning`, `fixed:DEGREES`: from where it is seen; None if unknown
    )
    mirror_of: Clip | None = None  # the clip that this is the mirror image of: both are held out, or neither
    subject: str = ""  # who moved; "" if unknown
    capture: str = ""  # which capture it shows if several clips show the same: nothing parts them
    split: int | None = None  # the split that its source assigns; None: decided at training time
