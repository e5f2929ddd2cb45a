"""What a terminal sends, as text that keys can be read from."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import Final

from gitops_tui.model.text import sanitize

_BEGIN: Final = "\x1b[200~"
_END: Final = "\x1b[201~"


class Typed:
    """Bytes in any pieces become text.

    What is no UTF-8 becomes a replacement character. What was pasted (between the marks of a bracketed paste) holds
    no control character but tab and line ends: an escape sequence in it would be read as keys, and a key may write.
    """

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._is_pasted = False
        self._kept = ""
        """The end of what came last, where a mark may begin: inside a paste it has not been given out yet."""

    def take(self, data: bytes) -> str:
        """Return what these bytes add; "" while a character or a mark is not whole."""
        left, given = self._decode(data), []
        while left:
            piece, left = self._pasted(left) if self._is_pasted else self._typed(left)
            given.append(piece)
        return "".join(given)

    def _typed(self, text: str) -> tuple[str, str]:
        """What is given out at once, for Escape is a key too, and what is left behind the mark of a paste."""
        known = len(self._kept)
        before, mark, _ = (self._kept + text).partition(_BEGIN)
        if not mark:
            self._kept = (self._kept + text)[1 - len(_BEGIN) :]
            return text, ""
        self._is_pasted, self._kept = True, ""
        end = len(before) + len(mark) - known
        return text[:end], text[end:]

    def _pasted(self, text: str) -> tuple[str, str]:
        inside, mark, left = (self._kept + text).partition(_END)
        if mark:
            self._is_pasted, self._kept = False, ""
            return _harmless(inside) + mark, left
        size = next((size for size in range(len(_END) - 1, 0, -1) if inside.endswith(_END[:size])), 0)
        self._kept = inside[len(inside) - size :]
        return _harmless(inside[: len(inside) - size]), ""


def _harmless(pasted: str) -> str:
    return "\r".join(sanitize(line) for line in pasted.split("\r"))
