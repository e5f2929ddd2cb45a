"""A secret that a text quotes is hidden in it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from gitops_tui.diff.conceal import Concealer
from gitops_tui.diff.mask import MARK

TOKEN = "hunter2-canary"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"


def secret(**data: str) -> dict[str, Any]:
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "access"}, "data": encoded}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"login with {TOKEN} failed", f"login with {MARK} failed"),
        (f"{TOKEN}{TOKEN}", MARK * 2),
        (f"token: {base64.b64encode(TOKEN.encode()).decode()}", f"token: {MARK}"),
        ("hunter2-canar", "hunter2-canar"),
        ("kqhkiG9w0BAQEF", MARK),
        ("nothing secret", "nothing secret"),
        ("", ""),
    ],
)
def test_a_secrets_values_are_hidden_plain_encoded_and_line_by_line(text: str, shown: str) -> None:
    assert Concealer([secret(token=TOKEN, key=KEY)]).conceal(text) == shown


def test_a_value_that_holds_another_is_hidden_as_a_whole() -> None:
    concealer = Concealer([secret(short="canary", long="canary-and-more.*")])
    assert concealer.conceal("canary-and-more.* canary-and-more!") == f"{MARK} {MARK}-and-more!"


def test_short_values_stand_in_any_text_by_chance_and_are_not_looked_for() -> None:
    assert Concealer([secret(flag="true", port="5432")]).conceal("true 5432") == "true 5432"


def test_what_a_user_has_masked_is_hidden_too() -> None:
    body = {
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {
            "dsn": "postgres://ada:pa55@db",
            "open": "stays readable",
            "list": ["in-a-list", {"deep": "in-a-map"}],
        },
    }
    concealer = Concealer([body], ["data.dsn", "data.list"])
    shown = concealer.conceal("postgres://ada:pa55@db stays readable in-a-list in-a-map")
    assert shown == f"{MARK} stays readable {MARK} {MARK}"


def test_without_secrets_nothing_is_hidden() -> None:
    assert Concealer([]).conceal(TOKEN) == TOKEN
