"""Instants, durations and sizes in words, as messages and reports show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")
_LONGEST_QUOTE = 60


def instant(seconds: int) -> str:
    """Return an instant in RFC 3339, UTC, with ``Z``; beyond the years 1 to 9999 just ``long ago`` or ``never``."""
    try:
        return f"{(_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()}Z"
    except OverflowError:
        return "long ago" if seconds < 0 else "never"


def between(earliest: int, latest: int) -> str:
    """Return an instant that may not be known exactly: ``between … and …``, ``at some time up to …``."""
    if earliest == latest:
        return instant(latest)
    if instant(earliest) == instant(-(1 << 62)):
        return f"at some time up to {instant(latest)}"
    return f"between {instant(earliest)} and {instant(latest)}"


def duration(seconds: int) -> str:
    """Return a duration in its two largest units: ``1 h 30 min``, ``23 d 4 h``, ``45 s``."""
    sign, rest, parts = "-" if seconds < 0 else "", abs(seconds), []
    for length, unit in _UNITS:
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return sign + " ".join(parts[:2]) if parts else "0 s"


def to_the_second(seconds: int) -> str:
    """Return a duration, not negative, in all its units, for figures that somebody adds up: ``1 d 4 h 20 min 5 s``."""
    rest, parts = seconds, []
    for length, unit in _UNITS:
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def size(count: int) -> str:
    """Return a size in binary units: ``12 B``, ``10.5 MiB``; less than nothing is one that is not told."""
    if count < 0:
        return "size not told"
    power = min(max(count.bit_length() - 1, 0) // 10, len(_SIZES) - 1)
    return f"{count / (1 << 10 * power):.1f}".removesuffix(".0") + f" {_SIZES[power]}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count of things: ``1 run``, ``2 runs``; ``plural`` where an s does not make it."""
    return f"{count} {noun}" if count == 1 else f"{count} {plural or f'{noun}s'}"


def several(words: list[str], *, at_most: int = 3) -> str:
    """Return a list in words: ``a, b and c``; a long one is cut with its count."""
    if len(words) > at_most:
        words = [*words[: at_most - 1], f"{len(words) - at_most + 1} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def quoted(text: str) -> str:
    """Return ``text`` in quotes, cut where it is long."""
    return f'"{text}"' if len(text) <= _LONGEST_QUOTE else f'"{text[:_LONGEST_QUOTE]}…"'
