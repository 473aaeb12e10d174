"""Which answers may be served."""

from datetime import timedelta

from headchef.cache.validity import serving
from tests.cache.builders import make_stored
from tests.support.manual_clock import START


def test_an_answer_serves_up_to_its_expiry() -> None:
    kept, fresh = make_stored(), make_stored(expires_at=START + timedelta(seconds=1))
    assert serving(kept, START) == kept
    assert serving(fresh, START) == fresh
    assert serving(make_stored(expires_at=START), START) is None
    assert serving(None, START) is None
