"""`python -m stickgen.train RUN_DIR [LAUNCH]`: the trainer process, as the supervisor or torchrun starts it."""

from stickgen.children import forget_working_folder

forget_working_folder()  # torchrun starts it with `-m`

import logging  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from stickgen.runs.stops import ignore_stops  # noqa: E402
from stickgen.train.trainer_process import run_training  # noqa: E402

if __name__ == "__main__":
    who = f" [{os.environ['RANK']}]" if "RANK" in os.environ else ""
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s{who} %(levelname)s %(message)s")
    code = run_training(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
    ignore_stops()
    # torchrun takes any other code for a failure, and would restart a run that was stopped
    sys.exit(0 if code == 130 and "TORCHELASTIC_RUN_ID" in os.environ else code)
