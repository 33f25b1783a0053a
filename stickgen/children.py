"""The environment of the Pythons that this program starts.

None of them may run code that merely lies in the working folder: `python -m` puts that folder first on the
path, and a `statistics.py` there would take the place of the library's.
"""

# `forget_working_folder` comes before all other imports: here nothing is imported that Python has not loaded
# itself before it looks at the working folder, so no `from __future__` and no pathlib.
import os
import sys

PROGRESS_OFTEN = (
    "STICKGEN_PROGRESS_OFTEN"  # set for a command whose lines of progress a program reads: twice a second
)
_HOME = os.path.realpath(__file__).rsplit(os.sep, 2)[0]  # this package's place

# What torchrun and `--nproc` set for the processes of one group. A shell may hold them for something else, and
# a trainer that reads them waits for a group that never comes.
GROUP_VARIABLES = (
    "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK", "GROUP_WORLD_SIZE", "ROLE_RANK",
    "ROLE_WORLD_SIZE", "ROLE_NAME", "MASTER_ADDR", "MASTER_PORT", "STICKGEN_KEEPER", "STICKGEN_STORE",
)  # fmt: skip


def child_environment(**more: str) -> dict[str, str]:
    """This process's environment for a Python of our own, with `more` in it.

    It and all that it starts look for modules where this process was installed, never in the working folder:
    neither as `-m` would, nor by an empty or relative entry of PYTHONPATH. Variables of a process group are
    left out.
    """
    out = {
        name: value
        for name, value in os.environ.items()
        if name not in GROUP_VARIABLES and not name.startswith("TORCHELASTIC_")
    }
    out["PYTHONSAFEPATH"] = "1"
    path = [entry for entry in out.pop("PYTHONPATH", "").split(os.pathsep) if entry.startswith(os.sep)]
    if _HOME not in sys.path[1:] and _HOME not in path:  # `python -m stickgen` in a checkout, not installed
        path.append(_HOME)
    if path:
        out["PYTHONPATH"] = os.pathsep.join(path)
    return {**out, **more}


def forget_working_folder() -> None:
    """Take the working folder off this process's path, as `python -P` would: for `python -m` by hand.

    Nothing happens if this very package was imported from it.
    """
    if sys.flags.safe_path or not sys.path:
        return
    try:
        here = os.path.realpath(os.curdir)
    except OSError:  # it is gone, and so holds no code
        return
    if os.path.realpath(sys.path[0] or os.curdir) == here != _HOME:
        del sys.path[0]
