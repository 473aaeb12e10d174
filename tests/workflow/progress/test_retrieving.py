"""What a retrieve step looks for is filled in, and what cannot be looked for is lost before anybody is asked."""

from pathlib import Path
from typing import Any

import pytest

from headchef.workflow.progress import Retrieve
from tests.workflow.progress.jobs import begun, workflow

STEP = """
  - id: last
    retrieve:
      collection: guides
      query: "flats in {{ input.place }}"
      top_k: 3
      filter: {locale: "{{ input.locale }}", new: true}
    retry: {transport: 7}
"""


def test_query_and_filter_are_filled_in(tmp_path: Path) -> None:
    _, [work] = begun(workflow(tmp_path, STEP), {"place": "Lisbon", "locale": "pt"})
    assert isinstance(work, Retrieve)
    assert (work.collection, work.query, work.top_k, work.retries) == ("guides", "flats in Lisbon", 3, 7)
    assert work.equal == {"locale": "pt", "new": True}


@pytest.mark.parametrize(
    ("query", "locale", "said"),
    [
        ("{{ input.of }}", None, "`query` must be a text, and is "),
        (" {{ input.none }}", "pt", "`query` is empty"),
        ("flats", ["pt"], "`filter.locale` must be a text, a whole number, true or false, and is "),
        ("flats", None, "`filter.locale` must be a text"),
        ("flats", 0.5, "`filter.locale` must be a text"),
    ],
)
def test_what_cannot_be_looked_for_is_lost(tmp_path: Path, query: str, locale: Any, said: str) -> None:
    step = f"""
  - {{id: last, retrieve: {{collection: guides, query: "{query}", filter: {{locale: "{{{{ input.locale }}}}"}}}}}}"""
    progress, works = begun(workflow(tmp_path, step), {"of": [1], "locale": locale, "none": ""})
    assert works == []
    assert progress.ending is not None
    assert progress.ending.why is not None
    assert said in progress.ending.why.message
