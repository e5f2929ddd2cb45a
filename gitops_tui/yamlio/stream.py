"""Documents read while their text still comes, as a renderer prints it."""

from __future__ import annotations

from typing import Final

from gitops_tui.model.errors import InputError
from gitops_tui.yamlio import plain
from gitops_tui.yamlio.alike import Examples
from gitops_tui.yamlio.build import LIMITS, Builder, Document, Limits

_NEXT: Final = b"\n---\n"
_FOR_THE_WHOLE: Final = (b"{", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""What a text begins with that is read in one go: JSON, and what is there to tell an encoding."""


class Documents:
    """The documents of one stream, each read in the cheapest way, piece by piece."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._limits = limits
        self._builder = Builder(name, limits)
        self._examples = Examples(limits.depth)
        self._lines = 0

    def read(self, text: str) -> bool:
        """Read on, whole documents; whether that can be done here.

        If not, all of the stream has to be parsed in one go. The parser also says best of the whole what is wrong.
        """
        split = plain.parts(text)
        if split is None:
            return False
        for part in split:
            self._builder.above = self._lines
            document = self._examples.read(part)
            if not (self._builder.take(document) if document is not None else self._parse(part)):
                return False
            self._lines += part.written.count("\n") + 1
        return True

    def found(self) -> tuple[Document, ...]:
        """Those that were read."""
        return tuple(self._builder.documents)

    def _parse(self, part: plain.Part) -> bool:
        if plain.is_of_itself(part):
            return False
        from gitops_tui.yamlio import events  # noqa: PLC0415 - most texts need no parser

        try:
            events.parse(part.text, self._builder)
        except InputError:
            return False
        return True


class Stream:
    """Reads the documents that have come so far, and at its end gives them all.

    name, limits: as `load_all` takes them, but no name of a JSON file.
    """

    def __init__(self, name: str, limits: Limits = LIMITS) -> None:
        self._name = name
        self._limits = limits
        self._documents: Documents | None = Documents(name, limits)
        self._read = 0
        self._seen = 0

    def read(self, data: bytes | bytearray) -> None:
        """Read what is complete. data: all of the text that has come. Says nothing of mistakes."""
        end = data.rfind(_NEXT, max(self._read, self._seen - len(_NEXT)))
        self._seen = len(data)
        if end >= 0:
            self._go_on(data, end + 1)
            self._read = end + len(_NEXT)

    def documents(self, data: bytes) -> tuple[Document, ...]:
        """Return the documents of the whole text, as `load_all` does. Raises InputError as it does."""
        self._go_on(data, len(data))
        if self._documents is not None and len(data) <= self._limits.bytes:
            return self._documents.found()
        from gitops_tui.yamlio.load import load_all  # noqa: PLC0415 - which reads its texts by this module

        return load_all(data, name=self._name, limits=self._limits)

    def _go_on(self, data: bytes | bytearray, end: int) -> None:
        """Read on to here, unless that cannot be done here."""
        if self._documents is None:
            return
        try:
            fits = not data.startswith(_FOR_THE_WHOLE) and self._documents.read(data[self._read : end].decode())
        except UnicodeDecodeError:
            fits = False
        if not fits:
            self._documents = None
