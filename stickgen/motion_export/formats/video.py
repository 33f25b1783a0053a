"""Video by ffmpeg: MP4 for everything, WebM with an alpha channel for what lies over something else."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import CLEAR, Look
from stickgen.motion_export.raster import Film, rgba
from stickgen.outputs import Kind, begins, contains
from stickgen.text import clean

# colours as all players take them to be, whatever the size of the picture
_BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
_MP4 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", *_BT709, "-movflags", "+faststart")
_WEBM = (
    "-c:v",
    "libvpx-vp9",
    "-pix_fmt",
    "yuva420p",
    "-crf",
    "24",
    "-b:v",
    "0",
    "-auto-alt-ref",
    "0",
    *_BT709,
)


def ffmpeg() -> str:
    """That of the package imageio-ffmpeg, which has all codecs, or the system's. Raises StickgenError if there is neither."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        found = shutil.which("ffmpeg")
        if found is None:
            raise StickgenError(
                "video needs ffmpeg: install the system's, or pip install imageio-ffmpeg"
            ) from error
        return found


def render(clips: Sequence[Clip], look: Look, *, suffix: str, codec: Sequence[str]) -> bytes:
    """A panel for each clip. Codecs take even sizes, so an odd one gets a row or a column more of the background."""
    program = ffmpeg()
    if codec is _MP4 and look.is_transparent:  # it knows no clear pixels, and on black a dark figure is lost
        look = replace(look, background="#ffffff")
    film = Film(clips, look)
    width, height = film.size
    red, green, blue, alpha = rgba(look.background)
    paper = f"0x{red:02x}{green:02x}{blue:02x}@{alpha / 255:.3f}"
    fitting = f"pad=ceil(iw/2)*2:ceil(ih/2)*2:color={paper},scale=out_color_matrix=bt709:out_range=tv"
    with tempfile.TemporaryDirectory(prefix="stickgen-video-") as folder:
        made, log = Path(folder) / f"video{suffix}", Path(folder) / "log"
        command = [
            program, "-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{width}x{height}",
            "-r", str(look.fps), "-i", "-", "-vf", fitting, *codec,
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
    limits="needs ffmpeg; no alpha: a transparent background is white",
    render=partial(render, suffix=".mp4", codec=_MP4),
    needs=ffmpeg,
)
WEBM = Export(
    name="webm",
    suffixes=(".webm",),
    kind=Kind("a WebM", begins(b"\x1a\x45\xdf\xa3"), suffixes=(".webm",)),
    about="VP9 video of the figure, clear around it by an alpha channel",
    opened_by="browsers, OBS, editors",
    limits="needs ffmpeg",
    render=partial(render, suffix=".webm", codec=_WEBM),
    look=CLEAR,
    needs=ffmpeg,
)
