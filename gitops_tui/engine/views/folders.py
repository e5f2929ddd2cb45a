"""Folders of a commit -> applications."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from gitops_tui.model.application import Application, Destination, FolderTemplate, Source

_LONGEST = 63
_DIGEST = 8


def applications_from(template: FolderTemplate, folders: Sequence[str]) -> tuple[Application, ...]:
    """One application a folder, named after it, each by another name.

    Two folders of one name are told apart by their parents, and those whose names differ only in what no label may
    hold by a digest of their path: no folder that comes takes the name of one that is there.
    """
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
    called = [last if counts[last] == 1 else folder or root for folder, last in zip(folders, lasts, strict=True)]
    labels = [_label(each) for each in called]
    claimed = Counter(labels)
    exact = Counter(label for label, each in zip(labels, called, strict=True) if label == each)
    return [
        label if claimed[label] == 1 or (label == each and exact[label] == 1) else _apart(label, folder)
        for label, each, folder in zip(labels, called, folders, strict=True)
    ]


def _apart(label: str, folder: str) -> str:
    return f"{label[: _LONGEST - _DIGEST - 1].strip('-')}-{hashlib.sha256(folder.encode()).hexdigest()[:_DIGEST]}"


def _label(text: str) -> str:
    """`text` as a DNS label, since the name becomes a label value."""
    clean = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
    return clean[:_LONGEST].strip("-") or "application"
