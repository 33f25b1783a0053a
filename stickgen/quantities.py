"""Numbers as a person reads them, in the terminal and on the screen alike: bytes, durations, ages, losses, counts."""

from __future__ import annotations

import math

DASH = "–"  # shown in place of a number that is not known


def byte_text(count: float | None) -> str:
    """`8.6 GiB`, `512 MiB`; binary units, three figures."""
    if count is None or not math.isfinite(count):
        return DASH
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 999.5 or unit == "TiB":
            return f"{value:.0f} {unit}" if unit == "B" or abs(value) >= 99.95 else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError("unreachable")


def duration_text(seconds: float | None) -> str:
    """`42 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`: the two largest units."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return DASH
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    days = whole // 86400
    return f"{days} d {whole % 86400 // 3600:02d} h" if days < 1000 else f"{days} d"


def age_text(seconds: float | None) -> str:
    """How long ago: `now`, `4 min ago`, `3 h ago`, `12 d ago`."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if seconds < 10:
        return "now"
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(seconds // 86400)} d ago"


def resting_age_text(seconds: float | None) -> str:
    """As `age_text`, of what has ended: in minutes, after ten of them in tens, so that a list at rest hardly changes."""
    if seconds is None or not 0 <= seconds < 3600:
        return age_text(seconds)
    minutes = int(seconds // 60)
    return age_text(60 * (minutes if minutes < 10 else minutes // 10 * 10))


def number_text(value: float | None) -> str:
    """A measured value in four figures: `0.0412`, `12.35`, `3.1e-05`; `nan` and `inf` stay visible."""
    if value is None:
        return DASH
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-3 or size >= 1e6:
        return f"{value:.2e}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 3 - math.floor(math.log10(size)))}f}"


def counted(count: int, thing: str) -> str:
    """How many of a thing: `1 record`, `1,204 records`."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def count_text(count: float | None) -> str:
    """A large count in words: `20.5 M`, `1,204`."""
    if count is None:
        return DASH
    if count >= 1e9:
        return f"{count / 1e9:.2f} G"
    if count >= 1e6:
        return f"{count / 1e6:.1f} M"
    return f"{count:,.0f}"
