"""A user writes a file and gets values, or is told all that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui import config
from gitops_tui.config.schema import schema
from gitops_tui.model.application import (
    Application,
    CredentialKind,
    Credentials,
    Destination,
    FolderTemplate,
    HelmOptions,
    RendererName,
    SyncMode,
    SyncPolicy,
)
from gitops_tui.model.errors import ConfigError
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.yamlio import dump


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gitops-tui.yaml"


def read(file: Path, text: str) -> config.Config:
    file.write_text(dedent(text), encoding="utf-8")
    return config.load(file)


def mistakes(file: Path, text: str) -> list[str]:
    """The mistakes without the name of the file: `line:column: where: message`."""
    with pytest.raises(ConfigError) as caught:
        read(file, text)
    assert all(mistake.startswith(f"{file}:") for mistake in caught.value.mistakes)
    return [mistake.removeprefix(f"{file}:") for mistake in caught.value.mistakes]


def test_three_lines_are_enough(file: Path) -> None:
    found = read(
        file,
        """\
        folders:
          - source:
              repository: https://git.example.com/acme/fleet.git
              path: apps/*
        """,
    )
    assert found.folders == (FolderTemplate("https://git.example.com/acme/fleet.git", "HEAD", "apps/*"),)
    (repository,) = found.repositories
    assert (repository.url, repository.name, repository.interval) == (found.folders[0].repository, "fleet", 60.0)
    assert found.path == file


def test_everything_that_can_be_said_arrives(file: Path) -> None:
    found = read(
        file,
        """\
        repositories:
          - name: fleet
            url: git@github.com:acme/fleet.git
            credentials: {sshKey: keys/fleet}
            interval: 1m30s
        applications:
          - name: shop
            project: storefront
            labels: {team: checkout}
            source:
              repository: fleet
              revision: ">=1.0 <2"
              path: ./charts/shop/
              signedBy: [keys/anna.asc, /etc/keys/team.pub]
              renderer: helm
              helm:
                release: shop-eu
                valuesFiles: [../common.yaml]
                values: {image: {tag: "1.10"}}
                parameters: {replicas: 3, debug: false, tag: "1.10"}
                includeCrds: false
            destination: {context: prod, namespace: web}
            sync:
              mode: auto
              prune: true
              selfHeal: true
              allowEmpty: true
              maxPrune: 35%
              createNamespace: false
              forceConflicts: true
              propagation: background
              healthTimeout: 10m
            ignore:
              - {group: apps, kind: Deployment, namespace: web, name: a, pointers: [/spec/replicas], paths: [spec.x],
                 managers: [hpa]}
            maskedPaths: [spec.token]
        settings:
          parallel: 2
          kubeconfig: ../kube/config
          stateDir: /var/lib/gitops-tui
          readOnly: true
          readOnlyContexts: [prod]
          maskedPaths: [spec.everywhere]
          wavePause: 500ms
          listen: "[::1]:9000"
        """,
    )
    (application,) = found.applications
    assert application == Application(
        "shop",
        source=application.source,
        destination=Destination("prod", "web"),
        policy=SyncPolicy(SyncMode.AUTO, True, True, True, 0.35, False, True, "background", 600.0),
        project="storefront",
        ignore=(IgnoreRule("apps", "Deployment", "web", "a", ("/spec/replicas",), ("spec.x",), ("hpa",)),),
        masked_paths=("spec.everywhere", "spec.token"),
        labels={"team": "checkout"},
    )
    source = application.source
    assert (source.repository, source.revision, source.path) == (
        "git@github.com:acme/fleet.git",
        ">=1.0 <2",
        "charts/shop",
    )
    assert source.signed_by == (str(file.parent / "keys/anna.asc"), "/etc/keys/team.pub")
    assert source.renderer is RendererName.HELM
    assert source.helm == HelmOptions(
        "shop-eu",
        ("../common.yaml",),
        {"image": {"tag": "1.10"}},
        {"replicas": "3", "debug": "false", "tag": "1.10"},
        include_crds=False,
    )
    (repository,) = found.repositories
    assert repository.interval == 90.0
    assert repository.credentials == Credentials(CredentialKind.SSH_KEY, str(file.parent / "keys/fleet"))
    assert found.settings == config.Settings(
        state_dir=Path("/var/lib/gitops-tui"),
        parallel=2,
        kubeconfig=file.parent.parent / "kube/config",
        read_only=True,
        read_only_contexts=("prod",),
        wave_pause=0.5,
        listen="[::1]:9000",
    )


def test_folders_take_the_same_options(file: Path) -> None:
    (folder,) = read(
        file,
        """\
        folders:
          - source: {repository: ../fleet, revision: main, path: /apps/*/, signedBy: [a.pub]}
            destination: {context: prod, namespace: shared}
            project: all
            labels: {a: b}
            sync: {mode: auto}
            ignore: [{managers: [hpa]}]
            maskedPaths: [spec.token]
        """.replace("/apps/*/", "apps/*/"),
    ).folders
    assert folder == FolderTemplate(
        str(file.parent.parent / "fleet"),
        "main",
        "apps/*",
        "prod",
        "shared",
        SyncPolicy(SyncMode.AUTO),
        "all",
        (IgnoreRule(managers=("hpa",)),),
        ("spec.token",),
        {"a": "b"},
        signed_by=(str(file.parent / "a.pub"),),
    )


def test_what_was_read_can_be_a_key(file: Path) -> None:
    found = read(
        file,
        """\
        applications:
          - {name: a, labels: {a: b}, source: {repository: ./x, helm: {values: {a: [b]}, parameters: {a: b}}}}
        folders:
          - {labels: {a: b}, source: {repository: ./x}}
        """,
    )
    assert len({*found.applications, *found.folders, *found.repositories}) == 3


def test_the_interval_of_the_settings_holds_for_repositories_without_one(file: Path) -> None:
    found = read(
        file,
        """\
        repositories:
          - {name: own, url: https://example.com/own.git, interval: 5m}
          - {name: other, url: https://example.com/other.git}
        applications:
          - {name: a, source: {repository: own}}
          - {name: b, source: {repository: "https://example.com/third"}}
        settings: {interval: 10}
        """,
    )
    assert {each.name: each.interval for each in found.repositories} == {"own": 300.0, "other": 10.0, "third": 10.0}


def test_who_commits_a_revert_and_when_an_application_goes_back_by_itself(file: Path) -> None:
    file.write_text("""
        applications:
          - name: shop
            source: {repository: https://git.example.org/fleet}
            sync: {autoRollback: true, soak: 15m}
        settings:
          author: {name: Fleet Bot, email: bot@example.org}
          signCommits: false
    """)
    found = config.load(file)
    (shop,) = found.applications
    assert (shop.policy.auto_rollback, shop.policy.soak) == (True, 900.0)
    assert (str(found.settings.author), found.settings.sign_commits) == ("Fleet Bot <bot@example.org>", False)
    assert (config.Settings().author, config.Settings().sign_commits) == (None, None)


def test_all_mistakes_at_once_each_with_its_place_and_the_nearest_right_word(file: Path) -> None:
    golden = Path(__file__).with_name("mistakes.txt").read_text(encoding="utf-8")
    document = Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8")
    assert mistakes(file, document) == golden.splitlines()


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "1:1: is empty"),
        ("{}", "1:1: names nothing to deploy: add `applications` or `folders`"),
        ("[]", "1:1: must be keys and values, not a list"),
        ("applications: [3]", "1:16: applications[0]: must be keys and values, not a number"),
        ("folders: {}", "1:10: folders: must be a list, not keys and values"),
        ("applications: []\napplications: []", "2:1: key 'applications' is there twice, first at 1:1"),
        (
            'applications: [{name: a, source: {repository: ./x, path: "a\\u001b[0m"}}]',
            "1:58: applications[a].source.path: holds a line break or a control character",
        ),
        (
            'applications: [{name: a, source: {repository: ./x, helm: {parameters: {"a\\0b": c}}}}]',
            "1:72: applications[a].source.helm.parameters: a key holds a line break or a control character",
        ),
        ("folders: []\nsettings: {wavePause: 999d}", "2:23: settings.wavePause: must be at most a year"),
        (
            "repositories: [{url: ./a}]\nfolders: [{source: {repository: x}}]",
            "2:33: folders[0].source.repository: unknown repository `x`, known are a; a path begins with `./` or `/`",
        ),
    ],
)
def test_one_mistake(file: Path, text: str, mistake: str) -> None:
    assert mistakes(file, text) == [mistake]


@pytest.mark.parametrize(
    "repository",
    [
        "{url: 'https://bob:canary-5ecret@example.com/x.git'}",
        "{url: 'https://canary-5ecret@example.com/x.git'}",
        "{url: 'ssh://git:canary-5ecret@example.com/x.git'}",
        "{url: 'https://example.com/x.git?token=canary-5ecret'}",
        "{url: 'https://[canary-5ecret@example.com/x.git'}",
        "{url: 'https://example.com/x', credentials: {password: canary-5ecret}}",
        "{url: 'https://example.com/x', credentials: {environment: ghp_canary5ecretcanary5ecret}}",
        "{url: 'https://example.com/x', credentials: {environment: 'canary-5ecret!'}}",
        '{url: "https://example.com/x", credentials: {sshKey: "-----BEGIN KEY-----\\ncanary-5ecret"}}',
        "{url: 'https://example.com/x', credentials: canary-5ecret}",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(file: Path, repository: str) -> None:
    found = mistakes(file, f"folders: []\nrepositories: [{repository}]\n")
    assert found
    assert "5ecret" not in "\n".join(found)


@pytest.mark.parametrize("url", ["ext::sh -c id", "ext::https://example.com/x", "-u/tmp/x", "http://example.com/x"])
def test_a_url_that_would_run_something_is_refused(file: Path, url: str) -> None:
    assert mistakes(file, dump({"folders": [{"source": {"repository": url}}]}))


@pytest.mark.parametrize("helper", ["!id", "store; id", "cache --timeout 3", "../evil", "./evil"])
def test_a_credential_helper_is_a_program_and_no_shell_text(file: Path, helper: str) -> None:
    repository = {"url": "https://example.com/x", "credentials": {"credentialHelper": helper}}
    (mistake,) = mistakes(file, dump({"folders": [], "repositories": [repository]}))
    assert mistake.endswith("credentialHelper: must be a helper's name or absolute path, without arguments")


def test_the_example_is_valid_as_it_stands_and_with_each_comment_taken_away(file: Path) -> None:
    text = config.example()
    found = read(file, text)
    assert [each.name for each in found.applications] == ["shop"]
    assert found.applications[0].source.repository == found.folders[0].repository == found.repositories[0].url
    settings = text[text.index("# settings:") :]
    with_settings = text.replace(settings, "\n".join(line.removeprefix("# ") for line in settings.splitlines()))
    assert read(file, with_settings).settings.read_only_contexts == ("production",)


@pytest.mark.parametrize("part", ["file", "folder"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, part: str) -> None:
    path = tmp_path if part == "folder" else tmp_path / "absent.yaml"
    with pytest.raises(ConfigError, match=str(path)):
        config.load(path)


def test_a_file_of_any_size_is_refused_in_bounded_memory(file: Path) -> None:
    with file.open("wb") as hole:
        hole.truncate(1024**4)
    with pytest.raises(ConfigError, match="larger than 10 MiB"):
        config.load(file)


PROPERTIES = schema()["properties"]
KNOWN = st.sampled_from(
    [*PROPERTIES, *PROPERTIES["applications"]["items"]["properties"], "repository", "url", "credentials", "interval"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
    | KNOWN
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KNOWN, inner, max_size=5), max_leaves=25
)


@given(DOCUMENTS)
def test_any_document_is_either_read_or_refused_with_its_mistakes(document: Any) -> None:
    from gitops_tui.config.load import parse  # noqa: PLC0415

    try:
        parse(dump(document).encode("utf-8", "replace"), name="f", base=Path("/"))
    except ConfigError as error:
        assert error.mistakes
        assert all(mistake.startswith("f:") for mistake in error.mistakes)


def test_health_rules_are_everyones(file: Path) -> None:
    found = read(
        file,
        """\
        folders: [{source: {repository: ./fleet, path: apps/*}}]
        applications: [{name: shop, source: {repository: ./fleet, path: shop}}]
        health:
          - group: db.example.org
            kind: Database
            rules:
              - {when: status.ready < spec.shards, code: Degraded, message: "{status.ready} of {spec.shards}"}
              - {when: "true", code: Healthy}
        """,
    )
    (kind,) = found.health
    assert (kind.group, kind.kind, [rule.code for rule in kind.rules]) == (
        "db.example.org",
        "Database",
        ["Degraded", "Healthy"],
    )
    assert kind.rules[0].message.fill({"spec": {"shards": 3}, "status": {"ready": 1}}) == "1 of 3"
    assert found.applications[0].health == found.folders[0].health == found.health


def test_health_rules_that_cannot_be_read_are_told_with_their_place(file: Path) -> None:
    text = """\
        folders: [{source: {repository: ./fleet}}]
        health:
          - kind: Secret
            rules:
              - when: status.phase = 'Failed'
                code: Broken
                message: "{status.reason"
          - {kind: Secret, rules: []}
        """
    assert mistakes(file, text) == [
        "3:11: health[0].kind: a Secret has no health, and its fields are shown nowhere",
        "5:15: health[0].rules[0].when: `=` is not expected (character 14)",
        (
            "6:15: health[0].rules[0].code: `Broken` is not one of "
            "Healthy, Suspended, Progressing, Degraded, Unknown, None"
        ),
        "7:18: health[0].rules[0].message: expected `}` after the path (character 15)",
        "8:5: health[1]: Secret has rules already (line 3)",
        "8:12: health[1].kind: a Secret has no health, and its fields are shown nowhere",
    ]
