"""What a terminal sends becomes text for keys, whole or in pieces."""

from __future__ import annotations

import pytest

from gitops_tui.tui.typed import Typed

BEGIN, END = "\x1b[200~", "\x1b[201~"


def take(*pieces: bytes) -> str:
    typed = Typed()
    return "".join(map(typed.take, pieces))


def in_pieces(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("keys", ["j", "\x1b", "\x1b[A", "\x1b[<0;5;5M", "é漢🎉", "\x1b[20", "\x03"])
def test_keys_are_as_they_were_typed_and_at_once(keys: str) -> None:
    assert take(keys.encode()) == keys
    assert take(*in_pieces(keys.encode())) == keys


@pytest.mark.parametrize(
    ("sent", "text"), [(b"\xff", "\ufffd"), (b"a\xe9b", "a\ufffdb"), (b"\xc3(", "\ufffd("), (b"\xf0\x9f\x8e", "")]
)
def test_what_is_no_utf_8_is_told_as_that(sent: bytes, text: str) -> None:
    assert take(sent) == text


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("apps health=Degraded", "apps health=Degraded"),
        ("a\tb\nc\rd\r\ne", "a\tb\nc\rd\r\ne"),
        ("we\x1b[31mb", "we␛[31mb"),
        ("\x1b\x1bsQ\x07", "␛␛sQ␇"),
        ("half a mark \x1b[201", "half a mark ␛[201"),
        (f"another beginning {BEGIN}", "another beginning ␛[200~"),
        ("\u202egnp\x9b2J", "\ufffdgnp\ufffd2J"),
        ("", ""),
    ],
)
def test_a_paste_holds_nothing_that_is_a_key(pasted: str, text: str) -> None:
    data = f"{BEGIN}{pasted}{END}".encode()
    assert take(data) == f"{BEGIN}{text}{END}"
    assert take(data, b"j", data) == f"{BEGIN}{text}{END}j{BEGIN}{text}{END}"


def test_a_paste_that_comes_in_pieces_is_the_same_paste() -> None:
    data = f"j{BEGIN}漢\x1b[31mQ\x1b[20s{END}k{BEGIN}{END}\x1b".encode()
    whole = take(data)
    assert whole == f"j{BEGIN}漢␛[31mQ␛[20s{END}k{BEGIN}{END}\x1b"
    assert take(*in_pieces(data)) == whole
