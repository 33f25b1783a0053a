"""`python -m stickgen.train RUN_DIR [LAUNCH]`: the trainer process, as the supervisor starts it."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from stickgen.train.process import run_training

if __name__ == "__main__":
    who = f" [{os.environ['RANK']}]" if "RANK" in os.environ else ""
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s{who} %(levelname)s %(message)s")
    code = run_training(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
    # torchrun takes every other code for a failure, and would start a run that was stopped again
    sys.exit(0 if code == 130 and "TORCHELASTIC_RUN_ID" in os.environ else code)
