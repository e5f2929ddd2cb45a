"""The JSON Schema of the user's file: what is checked, what `config schema` prints, and what the reference says.

`errorMessage` says in words what a keyword asks for (editors read it too); it never quotes the value.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from gitops_tui.config.nodes import Schema, array, choice, duration, keys, name, pattern, size, switch, text
from gitops_tui.config.schema.health import health
from gitops_tui.config.schema.sync import ignore, sync, windows
from gitops_tui.config.settings import Settings
from gitops_tui.model.application import HelmOptions, KustomizeOptions, RendererName

_LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"
_LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
_INSIDE = r"^(?![/~])(?!(.*/)?\.\.(/|$))"
_CREDENTIAL_WORDS = "must name exactly one of `sshKey`, `environment` and `credentialHelper`"


def _labels() -> Schema:
    return {
        "type": "object",
        "description": "Words to group and filter by. They stay here and are not put on objects.",
        "propertyNames": {"pattern": _LABEL_KEY, "errorMessage": {"pattern": "is no label name"}},
        "additionalProperties": {
            "type": "string",
            "pattern": _LABEL_VALUE,
            "errorMessage": {"pattern": "is no label value: at most 63 letters, digits, `-`, `_` and `.`"},
        },
    }


def _inside(description: str, **more: Any) -> Schema:
    return pattern(description, _INSIDE, "must stay inside the repository: no leading `/` and no `..`", **more)


def _repository() -> Schema:
    credentials = keys(
        "Where the credential is kept. A secret itself is never written into this file.",
        {
            "sshKey": pattern("Path of a private key.", r"^(?!-----)", "must be the path of a key, not the key"),
            "environment": pattern(
                "Name of the environment variable that holds a password or token.",
                r"^[A-Za-z_][A-Za-z0-9_]*$",
                "must be the name of an environment variable",
            ),
            "credentialHelper": pattern(
                "A Git credential helper: its name (`store`, `osxkeychain`) or its absolute path, without arguments.",
                r"^([A-Za-z0-9_.-]+|~?/[A-Za-z0-9_./-]+)$",
                "must be a helper's name or absolute path, without arguments",
            ),
            "username": text("Who logs in; needed by a few servers, the others take any name."),
        },
        oneOf=[{"required": [kind]} for kind in ("sshKey", "environment", "credentialHelper")],
        errorMessage={"oneOf": _CREDENTIAL_WORDS},
    )
    return keys(
        "A Git repository.",
        {
            "name": name("What applications call it. Default: the last part of the URL."),
            "url": text("`https://`, `ssh://`, `git@host:path`, `file://`, or a path.", minLength=1),
            "credentials": credentials,
            "interval": duration("Time between two looks at it.", "the interval of the settings"),
        },
        "url",
    )


def _source() -> Schema:
    helm, kustomize = HelmOptions(), KustomizeOptions()
    scalar = {
        "type": ["string", "integer", "boolean"],
        "errorMessage": {"type": "must be text, a whole number or true/false; put anything else in quotes"},
    }
    return keys(
        "Which commit and folder it is made from.",
        {
            **_origin("The folder inside the repository.", ""),
            "renderer": choice("How the folder becomes manifests; `auto` detects it.", RendererName, "auto"),
            "directory": keys(
                "Options of plain YAML and JSON files.",
                {
                    "recurse": switch("Read the folders below too.", default=False),
                    "include": array("Only files that match one of these glob patterns."),
                    "exclude": array("No file that matches one of these glob patterns."),
                },
            ),
            "kustomize": keys(
                "Options of Kustomize.",
                {
                    "loadRestrictor": choice(
                        "Whether files outside the folder may be loaded.",
                        ("LoadRestrictionsRootOnly", "LoadRestrictionsNone"),
                        kustomize.load_restrictor,
                    )
                },
            ),
            "helm": keys(
                "Options of `helm template`.",
                {
                    "release": pattern(
                        "The release's name. Default: the application's name.",
                        r"^[a-z0-9]([-a-z0-9.]{0,51}[a-z0-9])?$",
                        "must be a release name: lower-case letters, digits, `-` and `.`, at most 53",
                    ),
                    "valuesFiles": array("Values files inside the repository, relative to the chart, later ones win."),
                    "values": {"type": "object", "description": "Values written here; they beat the files."},
                    "parameters": {
                        "type": "object",
                        "description": "Single values as with `--set`, by path; they beat all other values.",
                        "additionalProperties": scalar,
                    },
                    "includeCrds": switch("Render the chart's CRDs too.", default=helm.include_crds),
                },
            ),
        },
        "repository",
    )


def _origin(path: str, default: str) -> Schema:
    return {
        "repository": text("A repository's name from `repositories`, or a URL.", minLength=1),
        "revision": text("What is tracked: a branch, tag, semver range (`>=1.2 <2`), or commit.", default="HEAD"),
        "path": _inside(path, default=default),
        "signedBy": {
            **array(
                "Files of public keys (OpenPGP, or SSH as in a `.pub` file). Only commits that one of them has signed "
                "are deployed. Default: every commit is."
            ),
            "minItems": 1,
            "errorMessage": {"minItems": "names no file; without `signedBy` every commit is deployed"},
        },
    }


def _destination(namespace: str) -> Schema:
    return keys(
        "Where to.",
        {
            "context": text("A context of the kubeconfig. Default: the one that is current when the program starts."),
            "namespace": name("The namespace of objects that name none.", default=namespace),
        },
    )


def _shared(namespace: str) -> Schema:
    return {
        "project": pattern("A group of applications.", _LABEL_VALUE, "must be a word", default="default"),
        "labels": _labels(),
        "destination": _destination(namespace),
        "sync": sync(),
        "ignore": ignore(),
        "maskedPaths": array("Fields to hide like those of a Secret, such as `spec.auth.token`."),
        "dependsOn": array("Applications that have to be in sync and healthy before automation syncs this one."),
    }


def _application() -> Schema:
    return keys(
        "What is deployed, whither, and how.",
        {"name": name("Its name, which becomes a label of its objects."), "source": _source(), **_shared("default")},
        "name",
        "source",
    )


def _folder() -> Schema:
    origin = _origin("A glob such as `apps/*`; each folder that matches is an application of that name.", "the root")
    source = keys("Which commit and folders they are made from.", origin, "repository")
    return keys(
        "Applications made from folders, each named after its folder.",
        {"source": source, **_shared("the application's name")},
        "source",
    )


def _settings() -> Schema:
    return keys(
        "What holds for the whole program.",
        {
            "interval": duration("Time between two looks at a repository.", "60s"),
            "parallel": {
                "type": "integer",
                "description": "How many applications of one cluster are worked on at once.",
                "minimum": 1,
                "maximum": 64,
                "default": 4,
            },
            "parallelSyncs": {
                "type": "integer",
                "description": "How many syncs run at once, in all clusters together; 0 for any number. One that only "
                "waits for health takes no place.",
                "minimum": 0,
                "maximum": 1000,
                "default": Settings().parallel_syncs,
            },
            "kubeconfig": text("Path of the kubeconfig. Default: `$KUBECONFIG`, else `~/.kube/config`.", minLength=1),
            "stateDir": text("Folder of mirrors and journal. Default: `gitops-tui` in the XDG state folder."),
            "readOnly": switch("Never write anything.", default=False),
            "readOnlyContexts": array("Never write to these contexts."),
            "maskedPaths": array("Fields of every application to hide like those of a Secret."),
            "windows": windows("Sync windows of every application, beside its own."),
            "journal": keys(
                "How much of the journal is kept. The newest and the last good operation of each application stay.",
                {
                    "keep": duration("How long ended operations are kept. Default: for ever.", ""),
                    "size": size("How large the journal's file may grow. Default: without limit."),
                },
            ),
            "wavePause": duration("Pause between two waves of a sync.", "2s"),
            "author": keys(
                "Who commits a revert. Default: the name and email of your Git configuration.",
                {"name": text("A name.", minLength=1), "email": text("An email address.", minLength=1)},
                "name",
                "email",
            ),
            "signCommits": {
                "type": "boolean",
                "description": "Sign the commit of a revert. Default: as your Git configuration says.",
            },
            "listen": pattern(
                "Address of the daemon's health endpoints, empty for none.",
                r"^(\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}|[^:\s]*:[0-9]{1,5})?$",
                "must be HOST:PORT",
                default=Settings().listen,
            ),
        },
    )


@cache
def schema() -> Schema:
    """The JSON Schema (2020-12) of the file. Treat it as immutable."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gitops-tui configuration",
        **keys(
            "Repositories, what is deployed from them, and settings.",
            {
                "repositories": array(
                    "The Git repositories, where a name, credentials or interval are wanted.", _repository()
                ),
                "applications": array("Applications one by one.", _application()),
                "folders": array("Applications made from folders.", _folder()),
                "health": health(),
                "settings": _settings(),
            },
            anyOf=[{"required": ["applications"]}, {"required": ["folders"]}],
            errorMessage={"anyOf": "names nothing to deploy: add `applications` or `folders`"},
        ),
    }
