"""What the pages say is so: settings, reasons, links and generated tables are those of the code."""

import re
from pathlib import Path
from typing import get_args

import pytest

from headchef_contracts.events.jobs import FailureReason, JobStatus, RefusalReason
from headchef_contracts.events.steps import AttemptOutcome
from headchef_contracts.registry import REGISTRY
from headchef_contracts.topics import required

from tests.docs.blocks import PAGES, ROOT, text_of
from tests.docs.reference import DOCS, PARTS, renewed
from tests.docs.settings import variables

# Read by `headchef up` and `demo`, the packaged catalogue, the log and the tests: not part of a settings class.
_OTHERS = frozenset(
    {
        "HEADCHEF_LOG_LEVEL",
        "HEADCHEF_MODEL",
        "HEADCHEF_SIMULATOR_URL",
        "HEADCHEF_TEST_FIRST_SEED",
        "HEADCHEF_TEST_KAFKA",
        "HEADCHEF_TEST_QDRANT",
    }
)
_LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")


def anchors_of(text: str) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PARTS)
def test_what_is_made_from_the_code_is_as_the_code_is(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert renewed(page, text) == text, f"run `make generate` and commit docs/{page}"


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"\bHEADCHEF_[A-Z0-9_]*[A-Z0-9]", text_of(page)))
    assert not named - variables() - _OTHERS


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in _LINK.findall(text_of(page)):
        name, _, anchor = link.partition("#")
        target: Path = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target.read_text("utf-8")), link


@pytest.mark.parametrize("reason", get_args(RefusalReason))
def test_every_reason_of_a_refusal_is_explained(reason: str) -> None:
    assert f"`{reason}`" in text_of("README.md")


@pytest.mark.parametrize("status", get_args(JobStatus))
def test_every_status_is_explained(status: str) -> None:
    assert f"| `{status}` |" in text_of("README.md")


@pytest.mark.parametrize("reason", get_args(FailureReason))
def test_every_reason_of_a_failure_is_explained(reason: str) -> None:
    assert f"| `{reason}` |" in text_of("docs/reference.md")


@pytest.mark.parametrize("outcome", get_args(AttemptOutcome))
def test_every_outcome_of_an_attempt_is_named(outcome: str) -> None:
    assert f"`{outcome}`" in text_of("docs/reference.md")


def test_every_event_and_topic_is_explained() -> None:
    page = text_of("docs/events.md")
    assert all(f"`{event_type}`" in page for event_type, _ in REGISTRY.models)
    flow = (row.logical for row in required(["default"]) if not row.logical.endswith((".dlq", ".changelog")))
    assert all(f"`{topic}`" in page for topic in flow)
