"""The commands of `stickgen data` that a dataset takes, for whoever runs them: the data screen, a launch without one."""

from __future__ import annotations

from pathlib import Path

PRACTICE_FILE = "data/quickstart.pt"  # where configs/quickstart.yaml looks
PRACTICE_CLIPS = 2400
PRACTICE_ACTIONS = "walk,run,jump,wave,bow,clap,kick,punch,squat,sit_down,jumping_jack,cartwheel,dance,march,raise_hand,spin,throw,lunge,cheer,pick_up"  # fmt: skip
OFFLINE = "offline"  # the bundled encoder, which needs no download


def practice_commands() -> list[list[str]]:
    """A dataset of twenty actions with captions, made and embedded in about half a minute."""
    synth = ["synth", "-n", str(PRACTICE_CLIPS), "--actions", PRACTICE_ACTIONS, "-o", PRACTICE_FILE]
    return [synth, embed_command(PRACTICE_FILE, OFFLINE)]


def import_command(source: Path, output: str) -> list[str]:
    """Motion of a folder, an archive or a file as the dataset `output`, with the table of clips beside it if any."""
    index = source / "index.csv"
    return ["import", str(source), "-o", output, *(["--index", str(index)] if index.is_file() else [])]


def embed_command(dataset: str, encoder: str = "") -> list[str]:
    """The captions embedded by `encoder`, or by the usual one."""
    return ["embed", dataset, *(["--encoder", encoder] if encoder else [])]


def usual_output(source: Path) -> str:
    """What the dataset of a source is called: `mocap/walks.zip` becomes `data/walks.pt`."""
    return f"data/{source.name.partition('.')[0] or 'imported'}.pt"
