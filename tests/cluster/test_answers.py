"""What an API server says, as errors and warnings; never what a Secret holds."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_tui.cluster.answers import error_of, retry_after_of, warnings_of
from gitops_tui.model.errors import (
    ClusterError,
    ConflictError,
    DryRunRefusedError,
    ForbiddenError,
    GitopsError,
    InvalidError,
    NotServedError,
)

CANARY = "hunter2"


def everything_said(error: GitopsError) -> str:
    causes = error.causes if isinstance(error, ClusterError) else ()
    return " ".join([str(error), error.hint, *causes, *map(str, error.args)])


def status(code: int, reason: str, message: str, *causes: dict[str, str], **details: Any) -> dict[str, Any]:
    return {
        "kind": "Status",
        "code": code,
        "reason": reason,
        "message": message,
        "details": {**details, "causes": list(causes)},
    }


def test_a_missing_permission() -> None:
    message = 'deployments.apps is forbidden: User "eve" cannot list resource "deployments" in API group "apps"'
    error = error_of("apps/Deployment", 403, status(403, "Forbidden", message))

    assert isinstance(error, ForbiddenError)
    assert str(error) == f"apps/Deployment: {message} (the user of this context lacks this permission)"
    assert not error.temporary


def test_a_quota_is_no_missing_permission() -> None:
    error = error_of("Pod shop/web", 403, status(403, "Forbidden", "exceeded quota: pods=3"))

    assert isinstance(error, ForbiddenError)
    assert error.hint == ""


def test_a_conflict_names_managers_and_fields() -> None:
    causes = [
        {"reason": "FieldManagerConflict", "field": ".spec.replicas", "message": 'conflict with "hpa" using apps/v1'},
        {"reason": "FieldManagerConflict", "field": ".data.k", "message": 'conflict with "a\\"b\x1b[2J" using v1'},
    ]
    error = error_of("x", 409, status(409, "Conflict", "Apply failed with 2 conflicts", *causes))

    assert isinstance(error, ConflictError)
    assert error.causes == (".spec.replicas: hpa", '.data.k: a\\"b␛[2J')


def test_an_invalid_object_names_fields() -> None:
    cause = {"reason": "FieldValueInvalid", "field": "spec.ports[0].port", "message": "must be at most 65535"}
    error = error_of("Service shop/web", 422, status(422, "Invalid", "Service is invalid", cause, name="web"))

    assert isinstance(error, InvalidError)
    assert error.causes == ("spec.ports[0].port: must be at most 65535",)
    assert not error.temporary


@pytest.mark.parametrize(
    ("message", "causes"),
    [
        (
            "failed to create typed patch object (shop/a; apps/v1, Kind=Deployment): .spec.foo: field not declared",
            (".spec.foo: field not declared",),
        ),
        (
            'failed to create typed patch object (a; v1): errors:\n  .spec.a: bad\n  .spec.b[name="a"].x: odd',
            (".spec.a: bad", '.spec.b[name="a"].x: odd'),
        ),
        ("failed to convert new object (shop/a; /v1, Kind=Secret) to proper version: illegal base64", ()),
    ],
)
def test_an_apply_that_does_not_fit_the_schema_is_invalid_and_not_worth_a_retry(
    message: str, causes: tuple[str, ...]
) -> None:
    error = error_of("x", 500, {"kind": "Status", "code": 500, "message": message})

    assert isinstance(error, InvalidError)
    assert not error.temporary
    assert error.causes == causes
    assert "failed to" not in str(error)


def test_of_a_long_text_the_end_is_told_too_since_it_says_what_is_wrong() -> None:
    told = f"Invalid value: {{{'Volumes:null, ' * 100}}}: field is immutable"
    cause = {"reason": "FieldValueInvalid", "field": "spec.template", "message": told}
    error = error_of("Job", 422, status(422, "Invalid", f'Job "x" is invalid: spec.template: {told}', cause))

    assert (len(error.message), len(error.causes[0])) == (600, len("spec.template: ") + 300)
    for text in (error.message, error.causes[0]):
        assert "Invalid value: {Volumes" in text
        assert text.endswith("field is immutable")


def test_another_500_may_pass() -> None:
    error = error_of("x", 500, {"kind": "Status", "code": 500, "message": "etcdserver: leader changed"})

    assert error.temporary
    assert not isinstance(error, InvalidError)


def test_a_missing_namespace_is_told_as_one() -> None:
    error = error_of(
        "ConfigMap nope/a", 404, status(404, "NotFound", 'namespaces "nope" not found', name="nope", kind="namespaces")
    )

    assert not isinstance(error, NotServedError)
    assert "create the namespace" in error.hint


@pytest.mark.parametrize(
    "answer",
    [
        status(422, "Invalid", f'Secret "a" is invalid: data[x]: Invalid value: "{CANARY}"'),
        status(
            422, "Invalid", "x", {"field": "data[x]", "reason": "FieldValueInvalid", "message": f'"{CANARY}" is bad'}
        ),
        status(500, "", f"failed to create typed patch object (a; v1): .data.x: expected string, got {CANARY}"),
        status(500, "InternalError", f"failed calling webhook: {CANARY}"),
        status(409, "Conflict", f"conflict about {CANARY}", {"field": ".data.x", "message": f"of {CANARY}"}),
        status(400, "BadRequest", f"cannot decode {CANARY}"),
        status(403, "Forbidden", f'admission webhook "policy" denied the request: {CANARY} is weak'),
    ],
    ids=lambda answer: f"{answer['code']} {answer['reason']}",
)
def test_a_text_about_a_secret_quotes_no_value(answer: dict[str, Any]) -> None:
    error = error_of("Secret shop/a", answer["code"], answer, secret=True)

    assert CANARY not in everything_said(error)
    assert "not shown" in str(error)


def test_a_text_about_a_secret_still_names_fields_managers_and_permissions() -> None:
    message = 'secrets "a" is forbidden: User "eve" cannot get resource "secrets" in API group "" in the namespace "x"'
    forbidden = error_of("Secret x/a", 403, status(403, "Forbidden", message), secret=True)
    conflict = {"field": ".data.password", "message": 'conflict with "vault" using v1'}
    fields = error_of("Secret x/a", 409, status(409, "Conflict", "1 conflict", conflict), secret=True)

    assert message in str(forbidden)
    assert fields.causes == (".data.password: vault",)


def test_hostile_text_is_harmless() -> None:
    error = error_of("x", 400, status(400, "\x1b[2J", "line\nof \x1b]0;title\x07 text" + "x" * 10_000))

    assert not {"\x1b", "\x07", "\n"} & set(everything_said(error))
    assert len(str(error)) < 1000


@pytest.mark.parametrize("details", [None, [], "x", {"causes": "y"}, {"causes": [1, None, {"field": 3}]}])
def test_a_malformed_status_is_an_error_all_the_same(details: Any) -> None:
    error = error_of("x", 400, {"kind": "Status", "message": ["a"], "details": details})

    assert isinstance(error, InvalidError)


def test_warnings_are_read_from_headers() -> None:
    headers = ['299 - "first \\"one\\"", 299 - "second"', '299 - "second"', "nonsense", '299 - "\x1b[31mred"']

    assert warnings_of(headers) == ('first "one"', "second", "␛[31mred")


def test_a_warning_about_a_secret_quotes_nothing() -> None:
    assert warnings_of([f'299 - "data.x: \\"{CANARY}\\" is odd"', f'299 - "odd: {CANARY}"'], secret=True) == (
        "a warning (not shown: it may quote hidden values)",
    )
    assert warnings_of(['299 - "unknown field \\"colour\\""'], secret=True) == ('unknown field "colour"',)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("999999", 3600.0),
        ("-5", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("nan", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after_of(value) == seconds


def test_a_webhook_that_supports_no_dry_run_is_no_fault_of_the_object() -> None:
    message = 'admission webhook "guard.example.org" does not support dry run'
    error = error_of("ConfigMap shop/web", 400, status(400, "BadRequest", message))

    assert isinstance(error, DryRunRefusedError)
    assert not isinstance(error, InvalidError)
    assert "sideEffects" in error.hint
