"""Video by ffmpeg: MP4 for everything, WebM with an alpha channel for what lies over something else."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import Film
from stickgen.outputs import Kind, begins, contains
from stickgen.text import clean

_MP4 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-movflags", "+faststart")
_WEBM = ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-crf", "24", "-b:v", "0", "-auto-alt-ref", "0")


def ffmpeg() -> str:
    """The system's ffmpeg, or that of the package imageio-ffmpeg. Raises StickgenError if there is neither."""
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise StickgenError(
            "video needs ffmpeg: install the system's, or pip install imageio-ffmpeg"
        ) from error


def render(clips: Sequence[Clip], look: Look, *, suffix: str, codec: Sequence[str]) -> bytes:
    """A panel for each clip. Codecs take even sizes, so an odd one gets a row or a column more."""
    program = ffmpeg()
    film = Film(clips, look)
    width, height = film.size
    with tempfile.TemporaryDirectory(prefix="stickgen-video-") as folder:
        made, log = Path(folder) / f"video{suffix}", Path(folder) / "log"
        command = [
            program, "-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{width}x{height}",
            "-r", str(look.fps), "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=black@0", *codec,
            "-threads", "2", str(made),
        ]  # fmt: skip
        with log.open("wb") as told, subprocess.Popen(command, stdin=subprocess.PIPE, stderr=told) as process:
            assert process.stdin is not None
            try:
                for page in film:
                    process.stdin.write(page.tobytes())
                process.stdin.close()
            except BrokenPipeError:
                pass  # it has ended, and says why
            code = process.wait()
        if code or not made.is_file():
            why = clean(
                log.read_text(errors="replace").strip() or f"exit code {code}", single_line=True, limit=300
            )
            raise StickgenError(f"ffmpeg could not write the video: {why}")
        return made.read_bytes()


MP4 = Export(
    name="mp4",
    suffixes=(".mp4",),
    kind=Kind("an MP4", contains(b"ftyp"), suffixes=(".mp4",)),
    about="H.264 video with a panel for each clip",
    opened_by="players, editors, slides",
    limits="needs ffmpeg; no alpha: a transparent background is black",
    render=partial(render, suffix=".mp4", codec=_MP4),
)
WEBM = Export(
    name="webm",
    suffixes=(".webm",),
    kind=Kind("a WebM", begins(b"\x1a\x45\xdf\xa3"), suffixes=(".webm",)),
    about="VP9 video, with an alpha channel if the background is transparent",
    opened_by="browsers, OBS, editors",
    limits="needs ffmpeg",
    render=partial(render, suffix=".webm", codec=_WEBM),
)
