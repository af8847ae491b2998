"""The OpenAPI document against the running hub: made-up requests, good and bad, as each role.

`HUB_EXAMPLES` sets how many are made for each call, on top of those that cover the edges of the document.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from reviewer.hub.app import create_app

EXAMPLES = int(os.environ.get("HUB_EXAMPLES", "6"))
WHOLE = EXAMPLES > 100
DOCUMENT: dict[str, Any] = create_app(SimpleNamespace(database=None)).openapi()  # type: ignore[arg-type]
EACH = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=not WHOLE, suppress_health_check=list(HealthCheck), database=None
)


def document_for(role: str) -> Any:
    """The document with what it can't say, for the caller of a role."""
    config = {
        "headers": {"Authorization": f"Bearer demo-{role}"},
        "checks": {
            "positive_data_acceptance": {
                # 400: no made-up bytes have the digest of a made-up address.  409: who holds 400 cases gets no more.
                "expected-statuses": ["2xx", "304", "400", "401", "403", "404", "409"]
            },
            # 413: a text that is longer than the document says can make the whole body too large.
            "negative_data_rejection": {
                "expected-statuses": [
                    "400",
                    "401",
                    "403",
                    "404",
                    "405",
                    "406",
                    "409",
                    "413",
                    "415",
                    "422",
                    "428",
                    "429",
                ]
            },
        },
        # Made-up notices name no claimant and no ground that there is, and made-up text is no table.
        "operations": [
            {
                "include-path-regex": "^/v1/notices",
                "checks": {
                    "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "422", "429"]}
                },
            }
        ],
        "phases": {"coverage": {"enabled": WHOLE}},
    }
    return schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config.from_dict(config))


@pytest.fixture(scope="module")
def hub():
    """A demo hub in a process of its own: its address and its tokens."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "reviewer", "hub", "serve", "--demo", "--port", "0", "--until-stdin-closes",
            "--data", folder,
        ]  # fmt: skip
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(20)
            process.stdout.close()


def test_the_running_hub_serves_this_document(hub):
    with urllib.request.urlopen(hub["hub"] + "/openapi.json", timeout=10) as answer:  # noqa: S310 - our own server
        assert json.load(answer) == json.loads(json.dumps(DOCUMENT))


@pytest.mark.parametrize("role", ["reviewer", "lead", "service", "admin", "claimant"])
def test_all_checks_are_on(role):
    load_all_checks()
    config = document_for(role).config.checks_config_for()
    names = CHECKS.get_all_names()
    assert len(names) >= 12
    assert [name for name in names if not config.get_by_name(name=name).enabled] == []


@document_for("reviewer").parametrize()
@EACH
def test_every_answer_to_a_reviewer_is_as_the_document_says(case, hub):
    case.call_and_validate(base_url=hub["hub"])


@document_for("lead").parametrize()
@EACH
def test_every_answer_to_a_lead_is_as_the_document_says(case, hub):
    case.call_and_validate(base_url=hub["hub"])


@document_for("service").parametrize()
@EACH
def test_every_answer_to_a_service_is_as_the_document_says(case, hub):
    case.call_and_validate(base_url=hub["hub"])


@document_for("admin").parametrize()
@EACH
def test_every_answer_to_an_admin_is_as_the_document_says(case, hub):
    case.call_and_validate(base_url=hub["hub"])


@document_for("claimant").parametrize()
@EACH
def test_every_answer_to_a_claimant_is_as_the_document_says(case, hub):
    case.call_and_validate(base_url=hub["hub"])
