"""At any rate a motion lasts as long as it was and moves evenly, and no film needs more memory than is sound."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from stickgen.errors import StickgenError
from stickgen.motion.skeleton import PELVIS
from stickgen.motion_export.format import Clip
from stickgen.motion_export.formats import gif, images
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import Film
from stickgen.motion_export.stage import Stage, at_rate

STEPS = [
    [0.04 * frame if joint % 2 == 0 else 0.5 for joint in range(20)] for frame in range(50)
]  # two seconds
SMALL = {"width": 48, "height": 48, "caption": False}


@pytest.mark.parametrize("fps", [7, 24, 25, 30, 50])
@pytest.mark.parametrize("render", [gif.render, images.render_apng, images.render_webp])
def test_a_film_lasts_as_long_as_the_motion(render: object, fps: int) -> None:
    assert callable(render)
    film = Image.open(io.BytesIO(render([Clip("", STEPS)], Look(fps=fps, **SMALL))))  # type: ignore[arg-type]
    shown = 0.0
    for frame in range(film.n_frames):  # type: ignore[attr-defined]
        film.seek(frame)
        film.load()
        assert film.info["duration"] >= 20  # less is slowed down by browsers
        shown += film.info["duration"]
    assert shown == pytest.approx(round(2 * fps) * 1000 / fps, abs=10)


@pytest.mark.parametrize("fps", [10, 24, 30, 60])
def test_a_steady_walk_is_steady_at_another_rate(fps: int) -> None:
    xs = [pose[2 * PELVIS] for pose in at_rate(STEPS, fps)]
    assert len(xs) == 2 * fps
    steady = np.diff(xs)[:-3]  # what would be after the last frame stands still
    assert np.allclose(steady, 25 / fps * 0.04)
    assert at_rate(STEPS, 25) is STEPS
    assert len(at_rate(STEPS[:1], fps)) >= 1


def test_ghosts_are_as_far_behind_in_time_at_any_rate() -> None:
    look = Look(fps=50, ghost_frames=4, ghosts=1, **SMALL)  # type: ignore[arg-type]
    quick = list(Film([Clip("", STEPS)], look))
    slow = list(Film([Clip("", STEPS)], Look(fps=25, ghost_frames=4, ghosts=1, **SMALL)))  # type: ignore[arg-type]
    stage = Stage(Clip("", STEPS), look)
    assert stage.motion[60] == pytest.approx(STEPS[30])
    assert np.abs(np.asarray(quick[60]).astype(int) - np.asarray(slow[30])).mean() < 2


def test_a_gif_faster_than_browsers_play_is_refused() -> None:
    with pytest.raises(StickgenError, match="at most 50 pictures a second; say fps: 50 or less"):
        gif.render([Clip("", STEPS)], Look(fps=60, **SMALL))  # type: ignore[arg-type]


@pytest.mark.parametrize("render", [gif.render, images.render_apng, images.render_webp])
def test_a_film_too_large_to_hold_is_refused_before_it_is_drawn(render: object) -> None:
    assert callable(render)
    with pytest.raises(
        StickgenError, match=r"250 pictures of 12288 x 8192 .* write \.webm or \.mp4, or fewer clips"
    ):
        render([Clip("", STEPS * 5)] * 6, Look(width=4096, height=4096))
