"""A package with functions that is installed, for this process and for those that it starts."""

from collections.abc import Iterator

import pytest

from headchef.functions import Workshop
from tests.functions.planned import INSTALLED


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package itself."""
    monkeypatch.syspath_prepend(str(INSTALLED))
    monkeypatch.setenv("PYTHONPATH", str(INSTALLED), prepend=":")


@pytest.fixture
def workshop(installed: None) -> Iterator[Workshop]:
    """A workshop with one process, whose functions may give little."""
    workshop = Workshop(1, max_output_bytes=1_000)
    yield workshop
    workshop.close()
