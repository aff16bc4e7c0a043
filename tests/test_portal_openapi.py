"""Programs that send what the OpenAPI document allows, and what it does not: no failure of ours.

Requests are made by schemathesis from the document that the portal itself gives out. Most of
them are about things that exist, since invented identifiers get no further than a 404.
"""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from support.portal.furnished import copied_town
from support.portal.opened import ORIGIN
from support.portal.town import Town

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
ROLES = ("firm", "facilitator", "manager")
REAL = {
    "slug": ("essai",),
    "firm_id": ("firm", "firm", "partner firm"),
    "submission_id": ("draft", "proxy", "declared"),
    "job_id": ("job", "waiting job"),
    "synergy_id": ("synergy", "open synergy"),
    "park_id": ("est", "ouest"),
    "declaration_id": ("F1", "F2"),
    "path": ("rules.csv", "sites.csv", "declarations/base.csv"),
    "stage": ("qualified", "stopped"),
    "scenario": ("", "[exclude]\nsites = ['a1']\n"),
}
"""What exists in the town, by what a request calls it."""

MOSTLY = st.sampled_from((True, True, True, True, False))


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return copied_town(tmp_path_factory, "openapi")


@pytest.fixture(scope="module")
def document(town):
    """The document as a program reads it."""
    answer = town.client("").get("/api/v1/openapi.json")
    schema = schemathesis.openapi.from_dict(answer.json())
    schema.app = town.app
    return schema


def operations(document) -> Iterator:
    for found in document.get_all_operations():
        yield found.ok()


def real(town: Town, name: str):
    """Words of an address that stand for something."""
    return st.sampled_from([town.names.get(one, one) for one in REAL[name]])


def settings_for(examples: int) -> settings:
    """Always the same requests, however slow the machine is."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


def try_all(town: Town, operation, role: str, mode: GenerationMode, examples: int):
    """Send some requests to one operation with the key of a role; what was answered."""
    headers = {"Authorization": f"Bearer {town.secrets[f'{role} key']}"}
    statuses: list[int] = []

    @settings_for(examples)
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def send(case, data) -> None:
        for words in (case.path_parameters, case.query, case.body):
            for name in sorted({*words} & {*REAL} if isinstance(words, dict) else ()):
                if mode is GenerationMode.POSITIVE and data.draw(MOSTLY):
                    words[name] = data.draw(real(town, name))
        answer = case.call_and_validate(ORIGIN, headers=headers, checks=CHECKS)
        statuses.append(answer.status_code)

    town.reset("delegated")
    try:
        send()
    except Unsatisfiable:  # nothing that it takes can be wrong
        assert mode is GenerationMode.NEGATIVE
    return statuses


def test_what_the_document_allows_is_answered_as_it_says(town, document):
    answered = {
        operation.label: [
            status
            for role in ROLES
            for status in try_all(town, operation, role, GenerationMode.POSITIVE, 4)
        ]
        for operation in operations(document)
    }
    assert len(answered) > 30
    worked = [label for label, statuses in answered.items() if min(statuses) < 300]
    assert len(worked) > 0.8 * len(answered), sorted(set(answered) - set(worked))


def test_what_the_document_does_not_allow_is_answered_too(town, document):
    for operation in operations(document):
        try_all(town, operation, "facilitator", GenerationMode.NEGATIVE, 2)


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_many_more_requests_to_each_operation(town, document, role, mode):
    for operation in operations(document):
        try_all(town, operation, role, mode, 10)


def test_the_document_is_for_everybody_and_names_every_operation_once(town, document):
    labels = [operation.label for operation in operations(document)]
    assert len(labels) == len(set(labels))
    assert all(" /api/v1/" in label for label in labels)
