"""The quiet tones of the text, relative to the theme, so that they hold on dark and on light.

(`$text-muted` is an automatic colour: it works in stylesheets, and is lost in the spans of a Content.)
"""

from __future__ import annotations

MUTED = "$foreground 60%"
FAINT = "$foreground 40%"
