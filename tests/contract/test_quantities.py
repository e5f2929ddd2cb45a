"""Quantities come back in their canonical form, which is what a comparison sees."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Api
from tests.contract.objects import container, deployment

WRITTEN: dict[str, str | int | float] = {
    "a thousand milli": "1000m",
    "half a gibi": "0.5Gi",
    "a tenth": "0.1",
    "a number": 2,
    "a fraction": 1.5,
    "kibi that are mebi": "2048Ki",
    "kibi that are not": "1500Ki",
    "thousands": "1000k",
    "an exponent": "1e3",
    "a large exponent": "12E6",
    "nano": "1500n",
    "zero": "0",
    "zero with a suffix": "0Gi",
    "a plus": "+1",
    "trailing zeros": "1.500",
    "bytes": "134217728",
    "odd bytes": "129e6",
    "small binary": "0.5Ki",
    "binary fraction": "1.3Gi",
    "exa": "1E",
    "milli over one": "1234m",
    "micro": "1500u",
    "a fraction of a milli": "0.0001",
    "a negative exponent": "1e-1",
    "leading zeros": "01",
    "a bare point": "1.",
    "no whole": ".5",
    "eighths": "1024Ki",
    "many digits": "123456789012345678",
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_quantity_is_read_the_same(twins: tuple[Api, Api], case: str) -> None:
    def shown(api: Api) -> Any:
        body = deployment("web", container(resources={"limits": {"memory": WRITTEN[case]}}))
        made = api.client.create(api.path("deployments", group="apps"), body, dryRun="All").ok()
        return made["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]

    embedded, real = map(shown, twins)
    assert embedded == real
