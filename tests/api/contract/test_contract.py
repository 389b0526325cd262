"""Schemathesis over the whole specification: as everybody, on both databases.

No failure of the service, no status that the document does not name, every reply in its documented shape. Half of the
requests name things that exist. ``ANEOS_CONTRACT_EXAMPLES`` multiplies the number of requests.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.contract.conftest import Served

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = {"anonymous": 1, "viewer": 2, "analyst": 2, "admin": 3, "operator": 6}
PARTS = 12
TIMES = int(os.environ.get("ANEOS_CONTRACT_EXAMPLES", "1"))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_keeps_to_the_document(served: Served, part: int) -> None:
    """In parts, so that each ends well within the time that a test may take on a busy machine."""
    schema = schemathesis.openapi.from_dict(served.specification)
    failures: list[str] = []
    operations = [found.ok() for found in schema.get_all_operations()][part::PARTS]
    probed = 0
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = operation.as_strategy(generation_mode=mode)
            for who, count in EXAMPLES.items():
                try:
                    probed += _probe(strategy, served, who, count * TIMES)
                except schemathesis.core.failures.FailureGroup as group:
                    failures += [f"{operation.label} as {who}: {failure}" for failure in group.exceptions]
                except Unsatisfiable:  # nothing can be wrong with a request that has no parts
                    assert mode is GenerationMode.NEGATIVE
                    assert not operation.body
                    assert not list(operation.iter_parameters())
    assert not failures, "\n\n".join(failures)
    assert probed > 10 * len(operations)


def _probe(strategy: st.SearchStrategy[Any], served: Served, who: str, count: int) -> int:
    """Send up to ``count`` requests as ``who`` and check the replies; how many were sent."""
    headers = {} if who == "anonymous" else {"X-API-Key": served.keys[who]}
    sent = 0

    @given(case=strategy, existing=st.booleans())
    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any, existing: bool) -> None:
        nonlocal sent
        if existing and case.path_parameters:
            known = {name: served.ids[name] for name in case.path_parameters if name in served.ids}
            case.path_parameters |= known
        reply = case.call(base_url=served.url, headers=headers, timeout=120)
        sent += 1
        case.validate_response(reply, checks=CHECKS)

    run()
    return sent
