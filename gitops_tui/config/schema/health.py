"""The part of the schema that says how custom kinds fare."""

from __future__ import annotations

from typing import Final

from gitops_tui.config.nodes import Schema, array, keys, text
from gitops_tui.model.resources import HealthCode

_CODES: Final = (
    *(HealthCode.HEALTHY, HealthCode.SUSPENDED, HealthCode.PROGRESSING, HealthCode.DEGRADED),
    *(HealthCode.UNKNOWN, HealthCode.NONE),
)


def health() -> Schema:
    """Health rules by kind."""
    rule = keys(
        "A verdict, and when it is given. The first rule that holds decides.",
        {
            "when": text(
                "A condition on the live object's fields, such as `status.phase == 'Failed'`: paths, texts, numbers, "
                "`true`, `false`, `null`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `exists`, `and`, `or`, `not`, "
                "parentheses. A list's element is `conditions[type=Ready]` or `ports[0]`.",
                minLength=1,
            ),
            "code": text("The verdict.", enum=[code.value for code in _CODES]),
            "message": text("What is told; `{status.reason}` is a field of the object.", default=""),
        },
        *("when", "code"),
    )
    kind = keys(
        "Rules of one kind. Where none holds, it is judged as without them.",
        {
            "group": text("API group of the kind, empty for the core group.", default=""),
            "kind": text("The kind.", minLength=1),
            "rules": array("The rules, in order.", rule),
        },
        *("kind", "rules"),
    )
    return array("How kinds fare that gitops-tui knows no rule for, or none that suits you.", kind)
