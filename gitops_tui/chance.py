"""What is left to chance: it spreads load, and guards nothing.

The standard library's `random` imports more than a start needs for it.
"""

from __future__ import annotations

import os


def between(low: float, high: float) -> float:
    """A number from `low` to `high`, each as likely as any other."""
    return low + (high - low) * int.from_bytes(os.urandom(4), "big") / 0xFFFFFFFF
