"""The page of results: everything escaped, nothing loaded, a few harmless tags of HTML kept."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.cache_use import CacheKind, CacheUse
from headchef_contracts.events.common import Finding, Inline
from headchef_contracts.events.jobs import Failure, JobFinished, JobSubmitted
from headchef_contracts.events.origin import StepAccount

from headchef.cli.report.content import show_content
from headchef.cli.report.entry import Entry
from headchef.cli.report.markup import safe_markup
from headchef.cli.report.page import Heading, render_page
from headchef.cli.report.totals import percentile, totals
from tests.cli.builders import make_finished, make_job, make_refused
from tests.support.builders import make_tried

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}"
HEADING = Heading("Title <b>", "Lead &", True, datetime(2026, 11, 22, tzinfo=UTC), "1.0")
TIMEOUT = Failure(reason="timeout", message=HOSTILE)
TAGS = {"p", "ul", "ol", "li", "strong", "em", "b", "i", "h2", "h3", "h4", "br", "blockquote"}


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def page(*entries: Entry) -> str:
    return render_page(HEADING, entries)


def hostile_entry() -> Entry:
    output = {"title": HOSTILE, "bullets": [HOSTILE], "html": HOSTILE, "jsonld": {HOSTILE: HOSTILE}, HOSTILE: HOSTILE}
    result = make_finished(
        HOSTILE[:100],
        output,
        status="rejected",
        findings=(Finding(check="schema", path=HOSTILE, message=HOSTILE),),
    )
    return Entry("kind", make_job(HOSTILE[:100], name=HOSTILE), result)


def failed_entry() -> Entry:
    return Entry("kind", make_job(), make_finished(status="failed", failure=TIMEOUT))


def test_nothing_that_a_model_or_a_row_says_becomes_markup() -> None:
    plain = Elements(page(Entry("kind", make_job(), make_finished(output={"title": "x"}))))
    hostile = Elements(page(hostile_entry(), failed_entry()))
    assert hostile.tags.count("script") == plain.tags.count("script") == 1
    assert "img" not in hostile.tags
    assert not [name for name in hostile.attributes if name.startswith("on")]
    assert "alert(1)</script>" not in page(hostile_entry())


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = page(hostile_entry(), Entry("kind", make_job(), make_refused()))
    elements = Elements(html)
    assert not {"link", "img", "iframe", "object", "embed"} & set(elements.tags)
    assert not {"src", "srcset"} & set(elements.attributes)
    assert "default-src 'none'" in html
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]+'", html)


@given(st.text() | st.text(alphabet="<>/abplius!-=\"' ", max_size=60))
def test_kept_markup_is_balanced_and_bare(html: str) -> None:
    kept = Elements(str(safe_markup(html)))
    assert set(kept.tags) <= TAGS
    assert kept.attributes == []
    opened = re.findall(r"<(/?)(\w+)>", str(safe_markup(html)))
    depth = sum(-1 if slash else 1 for slash, tag in opened if tag != "br")
    assert depth == 0


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ('<p onclick="x()">Hi <strong>there</p>', "<p>Hi <strong>there</strong></p>"),
        ("<script>evil()</script>ok", "ok"),
        ("<style>p{}</style><em>a</em>", "<em>a</em>"),
        ('<a href="javascript:x">link</a>', "link"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<ul><li>one<li>two</ul>", "<ul><li>one<li>two</li></li></ul>"),
        ("one<br/>two", "one<br>two"),
    ],
)
def test_a_few_tags_are_kept(html: str, kept: str) -> None:
    assert str(safe_markup(html)) == kept


@pytest.mark.parametrize(
    "output", [None, "", "text\n\nmore", 5, [1, "a", None], {"a": {"b": [{"c": 1}]}}, [[[[[[[[1]]]]]]]]]
)
def test_any_output_can_be_shown(output: object) -> None:
    assert show_content(output) is not None


@pytest.mark.parametrize(
    ("kind", "tag"),
    [("exact", "exact hit"), ("semantic", "hit by meaning"), ("coalesced", "asked once with others"), ("bypass", None)],
)
def test_a_reused_answer_is_tagged_by_its_kind(kind: CacheKind, tag: str | None) -> None:
    used = CacheUse(kind=kind, source_job_id="ok" if tag else None)
    finished = make_finished("hit", {"title": "Bolt"}).model_copy(update={"cache": used})
    html = page(Entry("product", make_job("hit"), finished))
    assert [each for each in ("exact hit", "hit by meaning", "asked once with others") if each in html] == (
        [tag] if tag else []
    )


def test_every_kind_of_result_has_its_card() -> None:
    html = page(
        Entry("product", make_job("ok"), make_finished("ok", {"title": "[simulated] Bolt"})),
        Entry("product", make_job("hit"), make_finished("hit", {"title": "Bolt"}, hit_of="ok")),
        Entry("page", make_job("bad"), make_finished("bad", '{"title": "x"}', status="rejected")),
        Entry("page", make_job("none"), make_finished("none", None, status="failed", failure=TIMEOUT, cost_usd=None)),
        Entry("page", make_job("refused"), make_refused("refused")),
    )
    assert html.count("<article") == 5
    assert '<span class="sim">simulated</span> Bolt' in html
    assert "Simulated texts." in html
    assert "from ok" in html
    assert "unknown_model: model: the catalogue has no model x" in html
    assert "Write about Bolt" in html


def test_totals_add_up() -> None:
    summed = totals([make_finished("a", latency_s=1), make_finished("b", hit_of="a", cost_usd=None), make_refused("c")])
    assert summed.statuses == {"ok": 2, "refused": 1}
    assert (summed.hits, summed.input_tokens, summed.unpriced, summed.jobs) == (1, 200, 1, 3)
    assert (str(summed.cost_usd), summed.p50_s, summed.p95_s) == ("0.0012", 0.5, 1.0)


def test_jobs_that_came_right_after_a_rejected_answer_are_counted() -> None:
    before = (make_tried("small", "rejected"), make_tried("small", "timeout"))
    ok, failed = make_finished("a", tried=before), make_finished("b", tried=before[1:])
    assert totals([ok, failed, make_finished("c", None, status="rejected", tried=before)]).repaired == 1


def accounted(**given: Any) -> StepAccount:
    values: dict[str, Any] = {"ended": 1, "cost_usd": Decimal("0.01"), "attempts": 1, "provider_s": 0.1}
    return StepAccount(**(values | given))


def with_steps(finished: JobFinished, *steps: StepAccount) -> JobFinished:
    return finished.model_copy(update={"provenance": finished.provenance.model_copy(update={"steps": steps})})


def test_jobs_with_a_step_that_was_repaired_are_counted() -> None:
    plain, mended = accounted(step_id="outline"), accounted(step_id="sections", ended=3, repaired=2)
    results = [with_steps(make_finished("a"), plain, mended), with_steps(make_finished("b"), plain)]
    assert totals(results).repaired == 1


def test_a_job_by_a_workflow_shows_its_input_and_steps_in_place_of_a_prompt() -> None:
    job = JobSubmitted(job_id="a", workflow="landing@1", input=Inline(inline={"place": "<Ghent>"}))
    steps = (
        accounted(step_id="sections", ended=3, repaired=2, taken_over=1, models=("small",)),
        accounted(step_id="page", attempts=0),
    )
    output = {"title": "Heat pumps", "audit": {"score": 87.5, "findings": []}}
    html = page(Entry("landing page", job, with_steps(make_finished("a", output=output), *steps)))
    assert "Workflow landing@1" in html
    assert "&lt;Ghent&gt;" in html
    assert "sections: 3 ended, 1 taken over, 2 repaired, $0.01" in html
    assert "page: 1 ended<" in html
    assert "<summary>Prompt</summary>" not in html
    assert "87.5" in html


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.95, 4), (0.0, 1), (1.0, 4)])
def test_percentiles_are_values_that_were_seen(share: float, value: float) -> None:
    assert percentile([1, 2, 3, 4], share) == value
    assert percentile([], share) is None


def test_the_models_that_were_tried_before_are_named() -> None:
    tried = (make_tried("small", "refusal"), make_tried("quick"))
    html = page(Entry("kind", make_job(), make_finished(output={"title": "x"}, tried=tried)))
    assert "small (refusal), quick (timeout)" in html
    assert "Tried before" not in page(Entry("kind", make_job(), make_finished(output={"title": "x"})))
