"""Made-up motion that a body could do: 64 actions, with words for them."""

from __future__ import annotations

from stickgen.data.synthetic.compose import synthesize

__all__ = ["synthesize"]
