"""Which objects are ours (semantics.md: Ownership)."""

from __future__ import annotations

from gitops_tui.model.resources import Body, Manifest, ResourceKey

FIELD_MANAGER = "gitops-tui"
APPLICATION_LABEL = "gitops-tui.dev/application"
TRACKING_ANNOTATION = "gitops-tui.dev/tracking-id"
DIGEST_ANNOTATION = "gitops-tui.dev/applied-digest"
OWNER = "owner"
"""Among the details of a resource's status: the other application that it belongs to."""


def tracking_id(application: str, key: ResourceKey) -> str:
    """`<name>:<group>/<Kind>:<namespace>/<name>`."""
    return f"{application}:{key.group}/{key.kind}:{key.namespace}/{key.name}"


def stated_digest(manifest: Manifest | None) -> str:
    """The digest of what Git states of an object, which its marks carry; "" where nothing is stated, or not marked."""
    return str(manifest.annotations.get(DIGEST_ANNOTATION, "")) if manifest is not None else ""


def anothers(owner: str, application: str) -> str:
    """What is told of an object that an application states and another one owns."""
    return f"belongs to application {owner}, not to {application}"


def letting_go(key: ResourceKey) -> str:
    """The command by which a person makes a live object nobody's, whatever characters its name has."""
    import shlex  # noqa: PLC0415 - for a refusal alone

    kind = f"{key.kind}.{key.group}" if key.group else key.kind
    where = ("--namespace", key.namespace) if key.namespace else ()
    return shlex.join(("kubectl", "annotate", *where, f"{kind.lower()}/{key.name}", f"{TRACKING_ANNOTATION}-"))


def owner_of(body: Body) -> str | None:
    """The application that owns a live object.

    None when no annotation is there, or when it does not name this very object: a copied object carries its
    original's annotation and is nobody's, so it is never pruned.
    """
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    value = annotations.get(TRACKING_ANNOTATION)
    if not isinstance(value, str):
        return None
    application, _, _ = value.partition(":")
    return application if application and value == tracking_id(application, ResourceKey.of(body)) else None
