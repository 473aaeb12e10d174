"""What a person is asked about, and what a job comes to where nobody decides."""

from pathlib import Path
from random import Random

import pytest

from headchef_contracts.events.reviews import Otherwise

from headchef.workflow.progress import Came, Lost, Outcome, Review, Work
from tests.workflow.progress.jobs import begun, done, echoed, workflow

PAGE = {"type": "object", "required": ["title"]}


def flow_of(otherwise: Otherwise, **more: str) -> str:
    said = "".join(f"\n    {name}: {value}" for name, value in more.items())
    return f"""
  - {{id: page, python: {{call: f}}}}
  - id: look
    human: {{review: "{{{{ steps.page }}}}", within: 60, otherwise: {otherwise}}}{said}
  - {{id: last, python: {{call: g, with: {{seen: "{{{{ steps.look }}}}"}}}}}}"""


def silent(work: Work) -> Outcome:
    return work.in_silence if isinstance(work, Review) else echoed(work)


def test_a_person_is_asked_about_the_document_with_what_it_must_obey(tmp_path: Path) -> None:
    more = {"output": "{schema: page.v1}", "checks": "[{check: chars, path: title, max: 9}]"}
    flow = workflow(tmp_path, flow_of("reject", **more), schemas={"page.v1": PAGE})
    progress, todo = begun(flow)
    [review] = progress.ended(todo[0].unit, Came({"title": "Ghent"}))
    assert isinstance(review, Review)
    assert (review.document, review.within_s, review.otherwise) == ({"title": "Ghent"}, 60, "reject")
    assert (review.schema, review.checks) == (PAGE, [{"check": "chars", "path": "title", "max": 9}])


@pytest.mark.parametrize(
    ("otherwise", "status", "said"),
    [
        ("needs_review", "needs_review", "it is yet to be looked at"),
        ("approve", "ok", "which approves it"),
    ],
)
def test_nobodys_decision_is_a_finding(tmp_path: Path, otherwise: Otherwise, status: str, said: str) -> None:
    progress, todo = begun(workflow(tmp_path, flow_of(otherwise)))
    done(progress, todo, silent, Random(0))
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == (status, {"called": "g", "seen": {"called": "f"}})
    [finding] = progress.ending.findings
    assert (finding.check, finding.path) == ("review", "/steps/look")
    assert finding.message == f"nobody decided within 60 s, {said}"


def test_nobodys_decision_may_reject(tmp_path: Path) -> None:
    progress, todo = begun(workflow(tmp_path, flow_of("reject")))
    done(progress, todo, silent, Random(0))
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.why) == (
        "failed",
        Lost("review_rejected", "nobody decided within 60 s, which rejects it"),
    )


@pytest.mark.parametrize("decided", [True, False])
def test_a_broken_document_passes_by_no_ones_leave(tmp_path: Path, decided: bool) -> None:
    flow = workflow(tmp_path, flow_of("needs_review", output="{schema: page.v1}"), schemas={"page.v1": PAGE})
    progress, todo = begun(flow)
    done(progress, todo, echoed if decided else silent, Random(0))
    assert progress.ending is not None
    assert progress.ending.status == "failed"
    assert progress.ending.why is not None
    assert progress.ending.why.reason == "rejected"


def test_a_result_that_breaks_its_schema_is_rejected_though_nobody_has_decided(tmp_path: Path) -> None:
    steps = flow_of("needs_review")
    flow = workflow(tmp_path, steps, "{{ steps.last }}', schema: 'page.v1", schemas={"page.v1": PAGE})
    progress, todo = begun(flow)
    done(progress, todo, silent, Random(0))
    assert progress.ending is not None
    assert progress.ending.status == "rejected"
    assert [finding.check for finding in progress.ending.findings] == ["schema", "review"]


@pytest.mark.parametrize("seed", range(20))
def test_in_whatever_order_items_are_decided_the_job_comes_to_the_same(tmp_path: Path, seed: int) -> None:
    steps = """
  - id: last
    for_each: {in: "{{ input.pages }}", as: page, min_success: 0.5}
    human: {review: "{{ page }}", within: 60, otherwise: needs_review}"""
    outcomes: dict[str, Outcome] = {
        "0": Came("A"),
        "1": Lost("review_rejected", "ann rejected it"),
        "2": Came("c", undecided=True),
    }
    progress, todo = begun(workflow(tmp_path, steps), {"pages": ["a", "b", "c"]})
    done(progress, todo, lambda work: outcomes[work.unit.item or ""], Random(seed))
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == ("needs_review", ["A", "c"])
    assert {finding.path for finding in progress.ending.findings} == {"/steps/last/1", "/steps/last/2"}
