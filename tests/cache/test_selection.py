"""What a selection chooses, and that one that says nothing is refused."""

import pytest

from headchef.cache.selection import Selection
from tests.cache.builders import make_stored


def test_a_selection_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="must say what it chooses"):
        Selection()


def test_no_fingerprint_at_all_chooses_nothing_and_not_everything() -> None:
    assert not Selection(fingerprints=()).has(make_stored())
