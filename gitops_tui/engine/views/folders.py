"""Folders of a commit -> applications."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from gitops_tui.model.application import Application, Destination, FolderTemplate, Source

_LONGEST = 63


def applications_from(template: FolderTemplate, folders: Sequence[str]) -> tuple[Application, ...]:
    """One application a folder, named after it; two folders of one name are told apart by their parents."""
    names = _names(template.repository, folders)
    return tuple(
        Application(
            name=name,
            source=Source(template.repository, template.revision, folder, signed_by=template.signed_by),
            destination=Destination(template.context, template.namespace or name),
            policy=template.policy,
            project=template.project,
            ignore=template.ignore,
            masked_paths=template.masked_paths,
            labels=template.labels,
            depends_on=tuple(needed for needed in template.depends_on if needed != name),
            health=template.health,
        )
        for folder, name in zip(folders, names, strict=True)
    )


def _names(repository: str, folders: Sequence[str]) -> list[str]:
    root = re.split(r"[/:]", repository.rstrip("/").removesuffix(".git"))[-1]
    lasts = [folder.rsplit("/", 1)[-1] or root for folder in folders]
    counts = Counter(lasts)
    return [_label(last if counts[last] == 1 else folder or root) for folder, last in zip(folders, lasts, strict=True)]


def _label(text: str) -> str:
    """`text` as a DNS label, since the name becomes a label value."""
    clean = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
    return clean[:_LONGEST].strip("-") or "application"
