"""The page about the configuration says what the schema says."""

from __future__ import annotations

import os
from pathlib import Path

from gitops_tui.config.reference import reference

PAGE = Path(__file__).parents[2] / "docs/configuration.md"


def test_the_page_is_made_of_the_schema() -> None:
    """GITOPS_TUI_UPDATE_GOLDEN=1 writes it anew."""
    if os.environ.get("GITOPS_TUI_UPDATE_GOLDEN"):
        PAGE.write_text(reference(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == reference()
