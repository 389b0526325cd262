"""Schemathesis over the whole specification: as everybody, on both databases.

No failure of the service, no status that the document does not name, every reply in its documented shape. Half of the
requests name things that exist. ``ANEOS_CONTRACT_EXAMPLES`` multiplies the number of requests.
"""

from __future__ import annotations

import os
from collections import Counter
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
            try:
                sent, wrong = _probe(operation.as_strategy(generation_mode=mode), served)
            except Unsatisfiable:  # nothing can be wrong with a request that has no parts
                assert mode is GenerationMode.NEGATIVE
                assert not operation.body
                assert not list(operation.iter_parameters())
                continue
            probed += sent
            failures += [f"{operation.label} as {one}" for one in wrong]
    assert not failures, "\n\n".join(failures)
    assert probed > 10 * len(operations)


def _probe(strategy: st.SearchStrategy[Any], served: Served) -> tuple[int, list[str]]:
    """Send each request as everybody who has not sent enough; how many were sent, and what is wrong with replies.

    Making a request takes longer than answering it, so the first is made once and sent as everybody, and so on.
    """
    sent: Counter[str] = Counter()
    wrong: list[str] = []

    @given(case=strategy, existing=st.booleans())
    @settings(
        max_examples=max(EXAMPLES.values()) * TIMES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any, existing: bool) -> None:
        if existing and case.path_parameters:
            known = {name: served.ids[name] for name in case.path_parameters if name in served.ids}
            case.path_parameters |= known
        for who in [who for who, count in EXAMPLES.items() if sent[who] < count * TIMES]:
            headers = {} if who == "anonymous" else {"X-API-Key": served.keys[who]}
            sent[who] += 1
            reply = case.call(base_url=served.url, headers=headers, timeout=120)
            try:
                case.validate_response(reply, checks=CHECKS)
            except schemathesis.core.failures.FailureGroup as group:
                wrong.extend(f"{who}: {failure}" for failure in group.exceptions)

    run()
    return sent.total(), wrong
