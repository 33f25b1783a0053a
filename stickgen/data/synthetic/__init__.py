"""Synthetic motion that a body could perform: 64 actions, with captions."""

from __future__ import annotations

from stickgen.data.synthetic.compose import synthesize

__all__ = ["synthesize"]
