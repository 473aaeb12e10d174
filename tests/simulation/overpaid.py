"""Ways to pay more for a provider's cache than need be, and to write down another cost than is billed."""

from decimal import Decimal

import pytest

from headchef_contracts.events.common import Usage

from headchef.catalogue import Prices
from headchef.catalogue.pricing import cost_of
from headchef.executor import record
from headchef.executor.prompt_cache import PromptCache, Use
from headchef.executor.provider import Cacheable


def every_call_marked(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: PromptCache, cacheable: Cacheable, now_s: float) -> Use:
        return "again"

    patch.setattr(PromptCache, "begin", wrong)


def written_tokens_priced_as_read(patch: pytest.MonkeyPatch) -> None:
    def wrong(usage: Usage | None, prices: Prices | None) -> Decimal | None:
        if usage is None:
            return None
        cached = usage.cached_input_tokens + usage.cache_write_input_tokens
        return cost_of(usage.model_copy(update={"cached_input_tokens": cached, "cache_write_input_tokens": 0}), prices)

    patch.setattr(record, "cost_of", wrong)
