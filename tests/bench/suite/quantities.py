"""Figures as people read them."""

from .measuring import KIB, MIB


def seconds(value):
    return f"{value:.2f} s" if value >= 0.1 else f"{value * 1000:.1f} ms"


def size(value):
    """Of a number of bytes."""
    return f"{value / MIB:,.0f} MiB" if value >= 2 * MIB else f"{value / KIB:,.0f} KiB"


def amount(x, axis):
    """A place on the axis "files", "bytes" or "threads"."""
    return size(x) if axis == "bytes" else f"{x:,}"
