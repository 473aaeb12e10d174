"""Tasks of a router with their account, for all tests of tenants' budgets."""

import pytest

from tests.accounts.budgets.exchange import Exchange


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()
