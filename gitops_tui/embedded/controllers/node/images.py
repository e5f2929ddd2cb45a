"""What becomes of a container, told by its image's name."""

from __future__ import annotations

import hashlib
import re
from enum import Enum

_CRASHES = re.compile(r"broken|crash", re.IGNORECASE)
_MISSING = re.compile(r"missing|nonexistent|non-existent|does-?not-?exist", re.IGNORECASE)


class Fate(Enum):
    """How an image fares."""

    RUNS = "runs"
    CRASHES = "crashes"
    MISSING = "missing"


def fate_of(image: str) -> Fate:
    """By the tag where there is one, else by the last part of the name."""
    tag = image.rpartition("/")[2]
    tag = tag.partition(":")[2] or tag
    if _MISSING.search(tag):
        return Fate.MISSING
    return Fate.CRASHES if _CRASHES.search(tag) else Fate.RUNS


def image_id(image: str) -> str:
    """The image by digest."""
    return f"{image.partition('@')[0].rsplit(':', 1)[0]}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def size_of(image: str) -> int:
    """The image's size in bytes, made up but always the same."""
    return 20_000_000 + int.from_bytes(hashlib.sha256(image.encode()).digest()[:4], "big") % 180_000_000
