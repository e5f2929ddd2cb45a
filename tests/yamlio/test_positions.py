"""Where values are written: a mistake in a configuration is told with line and column."""

from __future__ import annotations

import pytest

from gitops_tui.model.errors import InputError
from gitops_tui.yamlio import Place, load_all, load_with_positions

TEXT = b"""# a configuration
applications:
  - name: web
    source: {repository: x, path: apps/web}
  - &base
    name: api
    sync:
      mode: auto
  - <<: *base
    name: db
defaults: *base
"""


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        ((), False, (2, 1)),
        (("applications",), True, (2, 1)),
        (("applications",), False, (3, 3)),
        (("applications", 0), False, (3, 5)),
        (("applications", 0, "name"), False, (3, 11)),
        (("applications", 0, "source", "path"), True, (4, 29)),
        (("applications", 0, "source", "path"), False, (4, 35)),
        (("applications", 1, "sync", "mode"), False, (8, 13)),
        (("applications", 2, "name"), True, (10, 5)),
        (("defaults",), True, (11, 1)),
        (("defaults", "sync", "mode"), False, (8, 13)),
        (("applications", 0, "nothing", "there"), False, (3, 5)),
    ],
)
def test_each_value_and_key_has_its_place(path: tuple[str | int, ...], key: bool, place: Place) -> None:
    _, positions = load_with_positions(TEXT, name="gitops-tui.yaml")
    assert positions.at(path, key=key) == place


def test_json_has_places_too() -> None:
    value, positions = load_with_positions(b'{\n  "settings": {"interval": 5}\n}', name="config.json")
    assert value == {"settings": {"interval": 5}}
    assert positions.at(("settings", "interval"), key=True) == (2, 16)
    assert positions.at(("settings", "interval")) == (2, 28)


def test_an_empty_text_is_none_and_a_second_document_is_refused() -> None:
    assert load_with_positions(b"# nothing\n", name="x")[0] is None
    with pytest.raises(InputError, match="only one document") as caught:
        load_with_positions(b"a: 1\n---\nb: 2\n", name="x.yaml")
    assert caught.value.subject == "x.yaml:3:1"


def test_each_document_of_a_stream_may_have_places() -> None:
    first, second = load_all(b"a: 1\n---\nb:\n- c: 2\n", name="x.yaml", track=True)
    assert first.positions is not None
    assert second.positions is not None
    assert first.positions.at(("a",)) == (1, 4)
    assert second.positions.at(("b", 0, "c"), key=True) == (4, 3)
    assert load_all(b"a: 1\n", name="x.yaml")[0].positions is None
