"""Whatever a Secret or a masked field looks like, no output that is made of it holds its value."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.cli import shapes, tables
from gitops_tui.cli.differences import markdown
from gitops_tui.cli.differences.sides import Sides
from gitops_tui.cluster.answers import error_of, warnings_of
from gitops_tui.diff import compare, comparison, mask, normalise
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.headless.log import Log
from gitops_tui.journal.codec import encode, encode_receipt, encode_result
from gitops_tui.model.application import Application, Source, SyncPolicy
from gitops_tui.model.operations import (
    Change,
    ChangeSet,
    OperationKind,
    OperationPhase,
    Receipt,
    ResourceComparison,
    ResourceResult,
    Result,
)
from gitops_tui.model.ownership import TRACKING_ANNOTATION, tracking_id
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.sync import Pair
from gitops_tui.sync.plan import plan
from gitops_tui.tui.present import diffs, plans, sides
from tests.secrets.conftest import encoded, spellings

VALUE = "canary-5d1f08c2e7b4"
SHOP = Application("shop", Source("https://git.example/shop"), policy=SyncPolicy(allow_empty=True, max_prune=1.0))
SIDES = Sides(None, Revision("c" * 40))
Body = dict[str, Any]

forms = st.sampled_from([VALUE, encoded(VALUE), f"a{VALUE}b", encoded(f"{VALUE}\n"), "other", "", "b3RoZXI="])
values = st.recursive(
    forms | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=2),
    max_leaves=4,
)
data = st.dictionaries(st.sampled_from(["password", "token", "ca.crt"]), forms, max_size=3)
odd = data | values
"""What stands where a Secret's data should: a map of texts, and what people write by mistake."""


def of_secret(fields: Body, applied: Any, name: str) -> Body:
    notes = {TRACKING_ANNOTATION: tracking_id("shop", ResourceKey("", "Secret", "shop", name))}
    if applied is not None:
        notes["kubectl.kubernetes.io/last-applied-configuration"] = json.dumps(applied)
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1", "annotations": notes}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **fields}


def of_masked(value: Any, more: Any, name: str) -> Body:
    notes = {TRACKING_ANNOTATION: tracking_id("shop", ResourceKey("example.org", "Widget", "shop", name))}
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1", "annotations": notes}
    spec = {"auth": value, "list": [{"name": "x", "token": more}], "size": 1}
    return {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": metadata, "spec": spec}


MASKED = ("spec.auth", "spec.list[*].token")
fields = st.fixed_dictionaries({}, optional={"data": odd, "stringData": odd, "immutable": st.booleans()})
secrets = st.builds(of_secret, fields, st.none() | fields, st.just("db"))
widgets = st.builds(of_masked, values, values, st.just("db"))
objects = st.tuples(*[st.none() | secrets] * 3) | st.tuples(*[st.none() | widgets] * 3)


def said(desired: Body | None, live: Body | None, predicted: Body | None, error: str) -> Iterator[str]:
    """Everything that is shown, printed, logged or kept of one object."""
    drift = compare(desired, live, predicted, masked_paths=MASKED)
    key = drift.key
    shown = comparison(key, desired, live, predicted, masked_paths=MASKED)
    manifest = Manifest.of(desired) if desired is not None else None
    pair = Pair(key, manifest, live, drift, predicted=predicted, owner="shop" if live else None, refusal=error)
    changeset = plan(SHOP, "c" * 40, [pair], prune=True, inventory=frozenset({key}))
    yield from of_comparison(shown)
    yield from of_plan(changeset)
    for change in changeset.changes:
        before = mask(normalise(live), MASKED) if live is not None else None
        yield from of_receipt(change, before, error)


def of_comparison(shown: ResourceComparison) -> Iterator[str]:
    yield repr(shown)
    yield markdown.comment("shop", SIDES, [shown])
    yield json.dumps(shapes.diff("shop", "c" * 40, [shown]), default=str)
    yield repr(diffs.one_column(shown, 100, spaces=True, now=0.0)) + repr(diffs.two_columns(shown, 100, 200, now=0.0))
    yield repr(diffs.cells(shown)) + repr(sides.Sides().summary(shown)) + diffs.as_text(shown, 100)


def of_plan(changeset: ChangeSet) -> Iterator[str]:
    yield json.dumps(shapes.plan(changeset), default=str)
    yield repr(tables.plan_rows(changeset))
    yield tables.plan_summary(changeset)
    for change in changeset.changes:
        yield repr(plans.change_cells(change)) + repr(plans.field_lines(change.changes))


def of_receipt(change: Change, before: Body | None, error: str) -> Iterator[str]:
    result = ResourceResult(change.key, Result.FAILED, error, 0.1, (error,), change.changes, change.action, before)
    receipt = Receipt(
        "op", "shop", "c" * 40, OperationKind.SYNC, "ada", OperationPhase.FAILED, resources=(result,), message=error
    )
    yield json.dumps(shapes.operation(receipt), default=str) + json.dumps(shapes.receipt(receipt), default=str)
    yield repr(tables.receipt_rows(receipt)) + repr(tables.journal_row(receipt))
    yield repr(plans.receipt_lines(receipt)) + repr(plans.result_lines(result)) + repr(plans.result_cells(result))
    yield encode(encode_receipt(receipt)) + encode(encode_result(result))


quotes = st.sampled_from(
    [
        'Secret "db" is invalid: data[password]: Invalid value: "{0}": is bad',
        'admission webhook "guard" denied the request: found {0} and {1}',
        "failed to create typed patch object (shop/db; /v1, Kind=Secret): .stringData.a: expected string, got {0}",
        'failed to convert new object (shop/db; /v1, Kind=Secret) to proper version: illegal base64 "{0}"',
        "unable to decode {1}",
    ]
)


def told(code: int, quote: str, field: str) -> str:
    """What becomes of an API server's words about an object whose values are hidden."""
    message = quote.format(VALUE, encoded(VALUE))
    causes = [{"field": field, "reason": "FieldValueInvalid", "message": message}]
    status = {"kind": "Status", "message": message, "reason": "Invalid", "details": {"causes": causes}}
    error = error_of("Secret shop/db", code, status, secret=True)
    log = io.StringIO()
    Log(log).event("problem", message=str(error), causes=error.causes)
    return f"{error!r} {error} {error.causes} {problem_of(error, 0.0)} {log.getvalue()}"


@given(objects, st.sampled_from([400, 403, 409, 422, 500]), quotes)
def test_no_output_holds_a_hidden_value(sides: tuple[Any, Any, Any], code: int, quote: str) -> None:
    text = told(code, quote, "data[password]")

    assert not any(form in text for form in spellings(VALUE))
    outputs = () if sides[0] is None and sides[1] is None else said(*sides, error=text)
    for output in outputs:
        assert not any(form in output for form in spellings(VALUE))


@given(quotes)
def test_no_warning_quotes_a_hidden_value(quote: str) -> None:
    text = quote.format(VALUE, encoded(VALUE)).replace('"', '\\"')
    (warning,) = warnings_of([f'299 - "{text}"'], secret=True)
    assert not any(form in warning for form in spellings(VALUE))
