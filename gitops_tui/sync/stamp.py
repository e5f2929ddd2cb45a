"""What is applied of a manifest, and the marks by which an object is known as ours (semantics.md: Ownership)."""

from __future__ import annotations

from gitops_tui.diff import strip_ignored
from gitops_tui.model.application import Application
from gitops_tui.model.fields import annotations_of, labels_of, mapping
from gitops_tui.model.ownership import APPLICATION_LABEL, DIGEST_ANNOTATION, TRACKING_ANNOTATION, tracking_id
from gitops_tui.model.resources import Body, Manifest


def stamp(manifest: Manifest, application: Application) -> Manifest:
    """Return the manifest as it is applied: with owner label, tracking id, and the digest of what Git states.

    The digest on the live object proves, without a request, that the last apply was of this very manifest.
    """
    body = manifest.body
    marks = {
        TRACKING_ANNOTATION: tracking_id(application.name, manifest.key),
        DIGEST_ANNOTATION: manifest.digest,
    }
    metadata = {
        **mapping(body.get("metadata")),
        "labels": {**labels_of(body), APPLICATION_LABEL: application.name},
        "annotations": {**annotations_of(body), **marks},
    }
    return Manifest.of({**body, "metadata": metadata}, manifest.origin)


def left_alone(manifest: Manifest, live: Body, application: Application) -> Manifest:
    """Return the manifest to apply to a live object: without what ignore rules say to leave alone."""
    body = strip_ignored(manifest.body, live, application.ignore)
    return manifest if body is manifest.body else Manifest.of(body, manifest.origin)
