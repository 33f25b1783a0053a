"""Where the figure of a clip is in its picture, frame by frame, in pixels: what every vector format draws from."""

from __future__ import annotations

from stickgen.motion.draw import Point, Stroke, bounds, strokes
from stickgen.motion.skeleton import FPS, PELVIS
from stickgen.motion_export.format import Clip, Motion
from stickgen.motion_export.look import Look

PERSON = 1.0  # approximate height of a figure with its head, in skeleton units
_ABOVE, _BELOW = 0.1, 0.09  # of the picture's height: the caption, and what is below the floor


class Stage:
    """One clip on a picture of the size of a look; y points down, as in all pictures."""

    def __init__(self, clip: Clip, look: Look) -> None:
        self.text, self._motion = clip
        self.look = look
        self.frames = times(clip.motion, look.fps)  # of the motion, for each picture
        above = _ABOVE * look.height if look.caption else 4 + look.line_width * look.height
        self.floor = look.height * (1 - _BELOW)
        self._low, _, self._high, top = bounds(clip.motion)
        self.scale = (self.floor - above) / max(top, 1.05 * PERSON)  # pixels per skeleton unit
        self.fits = (self._high - self._low) * self.scale <= look.width - 16

    def left(self, frame: int) -> float:
        """The pixel of x = 0 in a frame of the motion: the view stands still if the whole path fits, else it follows."""
        centre = (self._low + self._high) / 2 if self.fits else camera(self._motion, frame)
        return self.look.width / 2 - centre * self.scale

    def at(self, picture: int) -> tuple[list[Stroke], Point]:
        """The ten bones and the head of a picture, in pixels."""
        frame = self.frames[picture]
        left = self.left(frame)
        bones, (head_x, head_y) = strokes(self._motion[frame])
        placed = [
            (
                left + x0 * self.scale,
                self.floor - y0 * self.scale,
                left + x1 * self.scale,
                self.floor - y1 * self.scale,
            )
            for x0, y0, x1, y1 in bones
        ]
        return placed, (left + head_x * self.scale, self.floor - head_y * self.scale)


def times(motion: Motion, fps: int) -> list[int]:
    """The frames of a motion that are shown at `fps`."""
    count = max(round(len(motion) * fps / FPS), 1)
    return [min(int(number * FPS / fps), len(motion) - 1) for number in range(count)]


def camera(motion: Motion, frame: int) -> float:
    """x of the pelvis, averaged over a second around `frame`."""
    around = motion[max(frame - FPS // 2, 0) : frame + FPS // 2 + 1]
    return sum(pose[2 * PELVIS] for pose in around) / len(around)
