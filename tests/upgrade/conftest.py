"""Spares services of this release their imports; those of another one start from nothing."""

from collections.abc import Iterator

import pytest

from tests.support.nursery import nursery


@pytest.fixture(scope="package", autouse=True)
def _nursery() -> Iterator[None]:
    with nursery():
        yield
