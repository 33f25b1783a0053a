"""A training as a job of Slurm: the same run directory, the same monitor, on another machine.

The batch script trains with `stickgen train --resume`, which begins a run that was only made and goes on with one that
was stopped. Slurm's notice before the time limit, SIGTERM to the script, becomes a stop with a checkpoint, and the script
puts itself back into Slurm's line as long as the run is not complete.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stickgen.errors import StickgenError
from stickgen.queue.job import environment_to_keep
from stickgen.runs.store import Run

SCRIPT: Final = "slurm.sh"
_NOT_COMPLETE = 130  # `stickgen train` stopped with a checkpoint because it was asked to
_SECONDS = 60.0
_NOT_KEPT = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")  # Slurm gives the GPUs


@dataclass(frozen=True)
class Wants:
    """What the job asks Slurm for; None leaves it to the cluster."""

    time: str | None = None  # of one go, as Slurm writes it: 12:00:00
    partition: str | None = None
    gpus: int | None = None
    cpus: int | None = None
    memory: str | None = None
    notice_seconds: int = 300  # before the limit, for the checkpoint
    more: Sequence[str] = ()  # options as they stand behind #SBATCH


def script(run_path: Path, wants: Wants, *, nproc: int | None = None, cwd: Path | None = None) -> str:
    """The batch script that trains the run at `run_path`, which need not be there yet."""
    options = [
        f"--job-name={_word(run_path.name)}",
        f"--output={_pattern(run_path / 'slurm.log')}",
        "--open-mode=append",
        "--requeue",
        f"--signal=B:TERM@{wants.notice_seconds}",
        *(f"--time={_word(wants.time)}" for _ in [0] if wants.time),
        *(f"--partition={_word(wants.partition)}" for _ in [0] if wants.partition),
        *(f"--gpus={wants.gpus}" for _ in [0] if wants.gpus),
        *(f"--cpus-per-task={wants.cpus}" for _ in [0] if wants.cpus),
        *(f"--mem={_word(wants.memory)}" for _ in [0] if wants.memory),
        *map(_one_line, wants.more),
    ]
    kept = {name: value for name, value in environment_to_keep().items() if name not in _NOT_KEPT}
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(kept.items()))
    command = [sys.executable, "-P", "-m", "stickgen", "train", "--resume", str(run_path), "--beside"]
    if nproc is not None:
        command += ["--nproc", str(nproc)]
    return (
        "#!/bin/bash\n"
        + "".join(f"#SBATCH {option}\n" for option in options)
        + "# Written by `stickgen queue submit --slurm`. Watch it from anywhere: "
        + f"stickgen runs watch {shlex.quote(_one_line(str(run_path)))}\n"
        + f"cd {shlex.quote(str(cwd or Path.cwd()))} || exit 2\n"
        + exports
        + "asked=\n"
        + 'stop() { asked=1; kill -TERM "$training" 2>/dev/null; }\n'
        + "trap stop TERM\n"
        + f"{shlex.join(command)} </dev/null &\n"
        + "training=$!\n"
        + '[ -z "$asked" ] || stop  # told before there was anybody to tell\n'
        + 'wait "$training"; code=$?\n'
        + "# a signal ends the wait, not the training: wait again until it has left its checkpoint\n"
        + 'while kill -0 "$training" 2>/dev/null; do wait "$training"; code=$?; done\n'
        + f'if [ -n "$asked" ] && [ "$code" = {_NOT_COMPLETE} ]; then\n'
        + '  scontrol requeue "$SLURM_JOB_ID" && exit 0\n'
        + "fi\n"
        + 'exit "$code"\n'
    )


def submit(run: Run, text: str) -> str:
    """Keep the script in the run directory and hand it to sbatch; returns the number of Slurm's job.

    Raises StickgenError if there is no sbatch, or it refuses.
    """
    if shutil.which("sbatch") is None:
        raise StickgenError(
            "there is no sbatch on this machine; --print shows the script, to be submitted where there is"
        )
    path = run.path / SCRIPT
    try:
        path.write_text(text)
        path.chmod(0o700)
        said = subprocess.run(
            ["sbatch", "--parsable", str(path)], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise StickgenError(f"sbatch could not be asked ({error}); the script is {path}") from error
    number = said.stdout.strip().partition(";")[0]
    if said.returncode or not number:
        raise StickgenError(f"sbatch refused: {said.stderr.strip() or said.returncode}; the script is {path}")
    run.update_identity(slurm_job=number)
    return number


def _word(text: str) -> str:
    """A value of an option: nothing that would begin another one, or another line."""
    if not text or any(character.isspace() or character in "\"'`$;#\\" for character in text):
        raise StickgenError(f"{text!r}: Slurm takes one word here")
    return text


def _pattern(path: Path) -> str:
    """A file name for Slurm, which replaces what follows a %."""
    name = _one_line(str(path)).replace("%", "%%")
    return f'"{name}"' if " " in name else name


def _one_line(text: str) -> str:
    if os.linesep in text or "\r" in text or "\n" in text:
        raise StickgenError(f"{text!r}: a line break cannot stand in a batch script")
    return text
