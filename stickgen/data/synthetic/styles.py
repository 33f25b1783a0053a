"""Styles of movement (tired, proud, angry…) as posture, tempo and size, with words for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stickgen.data.synthetic.body import INDEX, Floats
from stickgen.motion.skeleton import FPS


@dataclass(frozen=True)
class Style:
    """A style. `who` replaces `a person`, one of `how` is an adverb of the action, `tag` is for the phrasebook."""

    who: str
    how: tuple[str, ...]
    size: float = 1.0
    pace: float = 1.0
    stoop: float = 0.0  # radians of lean
    sag: float = 0.0  # how far the pelvis sinks into the knees
    bounce: float = 0.0
    wobble: float = 0.0
    tag: str = "styled"

    def applied(self, track: Floats, phase: float) -> Floats:
        """The track in this style. Only for a body that stands or walks: others leave no room for posture."""
        track = track.copy()
        time = np.arange(len(track)) / FPS
        fade = np.minimum(np.minimum(time, time[-1] - time) / 0.3, 1)
        upright = np.clip(1 - np.abs(track[:, INDEX["pitch"]]) / 0.9, 0, 1)
        track[:, INDEX["pitch"]] += self.stoop * upright
        track[:, INDEX["la"]] += self.stoop * upright  # arms hang down, not along a stooped trunk
        track[:, INDEX["ra"]] += self.stoop * upright
        track[:, INDEX["y"]] -= self.sag + self.bounce * fade * (0.5 - 0.5 * np.cos(2 * np.pi * 2.1 * time))
        track[:, INDEX["roll"]] += self.wobble * fade * np.sin(5.1 * time + phase)
        track[:, INDEX["pitch"]] += 0.7 * self.wobble * fade * np.sin(3.7 * time + 2 * phase)
        return track


STYLES: tuple[Style, ...] = (
    Style(
        "a tired person",
        ("wearily", "tiredly", "in a tired way", "as if exhausted", "out of energy"),
        size=0.8,
        pace=0.75,
        stoop=0.14,
        sag=0.012,
    ),
    Style(
        "an old person",
        ("like an old person", "as an old person would", "stiffly, bent with age"),
        size=0.7,
        pace=0.68,
        stoop=0.28,
        sag=0.025,
    ),
    Style(
        "a proud person",
        ("proudly", "with pride", "full of pride", "with {own} chest out"),
        size=1.08,
        pace=0.95,
        stoop=-0.08,
    ),
    Style(
        "a happy person",
        ("happily", "cheerfully", "joyfully", "in a good mood", "in high spirits"),
        size=1.2,
        pace=1.1,
        stoop=-0.03,
        bounce=0.014,
    ),
    Style(
        "a sad person",
        ("sadly", "in a sad way", "with a heavy heart", "gloomily", "looking sad"),
        size=0.65,
        pace=0.75,
        stoop=0.2,
        sag=0.006,
    ),
    Style(
        "an angry person",
        ("angrily", "in anger", "furiously", "in a rage", "as if angry"),
        size=1.15,
        pace=1.28,
        stoop=0.09,
    ),
    Style(
        "a child",
        ("like a child", "playfully", "like a kid", "in a childlike way"),
        size=1.25,
        pace=1.15,
        bounce=0.018,
    ),
    Style(
        "a nervous person",
        ("nervously", "anxiously", "in a nervous way", "as if afraid"),
        size=0.8,
        pace=1.2,
        stoop=0.06,
        wobble=0.02,
    ),
    Style(
        "a graceful person",
        ("gracefully", "elegantly", "with grace", "smoothly"),
        size=1.1,
        pace=0.85,
        stoop=-0.05,
    ),
    Style(
        "a clumsy person",
        ("clumsily", "awkwardly", "in a clumsy way", "unsteadily"),
        size=1.05,
        pace=0.9,
        wobble=0.08,
        sag=0.006,
    ),
)
SLOW_WORDS = (
    "slowly", "slowly", "slowly", "very slowly", "at a slow pace", "in slow motion", "unhurriedly", "without haste",
    "taking it slow", "real slow", "at a leisurely speed",
)  # fmt: skip
FAST_WORDS = (
    "quickly", "quickly", "fast", "fast", "very fast", "rapidly", "at a fast pace", "in a hurry", "hastily", "swiftly",
    "really fast", "at high speed",
)  # fmt: skip


def tempo(pace: float) -> Style:
    """The style of doing something at `pace` times the usual speed, and saying so."""
    slow = pace < 1
    return Style("a person", SLOW_WORDS if slow else FAST_WORDS, pace=pace, tag="slow" if slow else "fast")
