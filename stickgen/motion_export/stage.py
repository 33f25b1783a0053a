"""Where the figure of a clip is in its picture, frame by frame, in pixels: what every vector format draws from."""

from __future__ import annotations

import math

import numpy as np

from stickgen.motion.draw import Point, Stroke, bounds, strokes
from stickgen.motion.skeleton import FPS, PELVIS
from stickgen.motion_export.format import Clip, Motion
from stickgen.motion_export.look import Look

PERSON = 1.0  # approximate height of a figure with its head, in skeleton units
_ABOVE, _BELOW = 0.1, 0.09  # of the picture's height: the caption, and what is below the floor


class Stage:
    """One clip on a picture of the size of a look; y points down, as in all pictures."""

    def __init__(self, clip: Clip, look: Look) -> None:
        self.text, self.look = clip.text, look
        self.motion = at_rate(clip.motion, look.fps)  # a pose for each picture
        above = _ABOVE * look.height if look.caption else 4 + look.line_width * look.height
        self.floor = look.height * (1 - _BELOW)
        self._low, _, self._high, top = bounds(self.motion)
        self.scale = (self.floor - above) / max(top, 1.05 * PERSON)  # pixels per skeleton unit
        self.fits = (self._high - self._low) * self.scale <= look.width - 16

    def left(self, picture: int) -> float:
        """The pixel of x = 0 in a picture: the view stands still if the whole path fits, else it follows."""
        centre = (self._low + self._high) / 2 if self.fits else self._camera(picture)
        return self.look.width / 2 - centre * self.scale

    def ticks(self, *pictures: int) -> list[float]:
        """x of the marks at every half unit of the floor that show in any of `pictures`, in pixels from `left`."""
        lefts = [self.left(picture) for picture in pictures]
        half = self.scale / 2
        first, last = math.ceil(-max(lefts) / half), math.floor((self.look.width - min(lefts)) / half)
        return [tick * half for tick in range(first, last + 1)]

    def at(self, picture: int) -> tuple[list[Stroke], Point]:
        """The ten bones and the head of a picture, in pixels; x counts from `left`."""
        bones, (head_x, head_y) = strokes(self.motion[picture])
        placed = [
            (x0 * self.scale, self.floor - y0 * self.scale, x1 * self.scale, self.floor - y1 * self.scale)
            for x0, y0, x1, y1 in bones
        ]
        return placed, (head_x * self.scale, self.floor - head_y * self.scale)

    def ghosts(self) -> list[tuple[int, float]]:
        """The pale figures behind a figure, farthest first: how many pictures ago, and how pale (0 to 1)."""
        apart = max(round(self.look.ghost_frames * self.look.fps / FPS), 1)
        return [
            (number * apart, min(0.62 + 0.13 * number, 0.97)) for number in range(self.look.ghosts, 0, -1)
        ]

    def _camera(self, picture: int) -> float:
        """x of the pelvis, averaged over a second around a picture."""
        half = self.look.fps // 2
        around = self.motion[max(picture - half, 0) : picture + half + 1]
        return sum(pose[2 * PELVIS] for pose in around) / len(around)


def at_rate(motion: Motion, fps: int) -> Motion:
    """A motion of FPS poses a second as one of `fps`, in straight lines from pose to pose; it lasts as long as before."""
    if fps == FPS:
        return motion
    count = max(round(len(motion) * fps / FPS), 1)
    times = np.minimum(np.arange(count) * FPS / fps, len(motion) - 1)
    poses = np.asarray(motion, dtype=float)
    before = times.astype(int)
    after = np.minimum(before + 1, len(motion) - 1)
    part = (times - before)[:, None]
    moved: Motion = (poses[before] * (1 - part) + poses[after] * part).tolist()
    return moved
