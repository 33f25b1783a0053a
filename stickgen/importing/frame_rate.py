"""The frame rate of a capture, and what a frame time in another unit probably means."""

from __future__ import annotations

from stickgen.errors import StickgenError

LEAST, MOST = 5.0, 1000.0  # frames per second of any motion capture
_USUAL = (24, 25, 29.97, 30, 48, 50, 59.94, 60, 72, 75, 90, 100, 120, 144, 200, 240, 250, 300, 480, 500)


def checked_rate(fps: float, file: str) -> float:
    """`fps` if it is plausible for a capture. Otherwise raises StickgenError that asks for the true rate, with a guess.

    `fps` is one over the file's frame time, or 0 if there is none.
    """
    if LEAST <= fps <= MOST:
        return fps
    if fps <= 0:
        raise StickgenError(f"{file}: its frame time is not positive; give the true rate with --fps")
    frame_time = 1 / fps
    guess = guessed_rate(frame_time)
    asked = f"; it is probably {guess[1]}: --fps {guess[0]:g}" if guess else "; give the true rate with --fps"
    raise StickgenError(
        f"{file}: a frame time of {frame_time:g} seconds would be {fps:g} frames a second{asked}"
    )


def guessed_rate(frame_time: float) -> tuple[float, str] | None:
    """A common rate, and what `frame_time` then means; None if nothing fits."""
    meanings = (
        (1e3 / frame_time, "in milliseconds"),
        (frame_time, "the rate itself"),
        (1e6 / frame_time, "in microseconds"),
        (1e9 / frame_time, "in nanoseconds"),
        (1e7 / frame_time, "in ticks of 100 ns"),
    )
    for rate, meaning in meanings:
        near = min(_USUAL, key=lambda usual: abs(usual / rate - 1))
        if abs(near / rate - 1) < 0.015:
            return near, meaning
    return next(((rate, meaning) for rate, meaning in meanings if LEAST <= rate <= MOST), None)
