"""`python -m stickgen_tui`."""

from __future__ import annotations

from stickgen_tui.cli import main

main()
