"""Who wrote each side of a field: live by the server's record of field managers, desired by the lines of a commit.

Pure: the files come in as `Text`s, and which commit last changed a `Statement` is Git's to say.
"""

from gitops_tui.diff.authorship.live import LiveAuthors
from gitops_tui.diff.authorship.rights import Rights
from gitops_tui.diff.authorship.signatures import byline, rule_data, signatures
from gitops_tui.diff.authorship.texts import Statement, Text, stated
from gitops_tui.diff.authorship.written import Found, Wanted, in_chart, in_manifest, in_overlays

__all__ = [
    "Found",
    "LiveAuthors",
    "Rights",
    "Statement",
    "Text",
    "Wanted",
    "byline",
    "in_chart",
    "in_manifest",
    "in_overlays",
    "rule_data",
    "signatures",
    "stated",
]
