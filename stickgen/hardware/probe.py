"""`python -m stickgen.hardware.probe`: ask torch for its devices and print JSON; the caller caches it."""

from __future__ import annotations

import importlib
import json


def main() -> None:
    """Print torch's version and devices."""
    torch = importlib.import_module("torch")  # by name: nothing that the screen imports may reach torch
    gpus = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            gpus.append(
                {
                    "index": index,
                    "name": torch.cuda.get_device_name(index),
                    "vram_total_bytes": total,
                    "vram_free_bytes": free,
                    "bf16": torch.cuda.is_bf16_supported(including_emulation=False),
                }
            )
    mps = torch.backends.mps.is_available()
    print(json.dumps({"torch_version": torch.__version__, "gpus": gpus, "mps": mps}))


if __name__ == "__main__":
    main()
