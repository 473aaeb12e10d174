"""Ways to break what is promised where jobs look into collections."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid5

import pytest

from headchef.retrieval import collection
from headchef.retrieval.collection import Collection
from headchef.retrieval.errors import RetrievalFailed
from headchef.retrieval.retriever import Retriever
from headchef.retriever.handler import RetrieverHandler
from headchef.router.leading import came, earlier


def the_tenant_is_not_held(patch: pytest.MonkeyPatch) -> None:
    _find_with(patch, lambda equal, _: {name: value for name, value in equal.items() if name != "tenant"})


def a_filter_says_whose(patch: pytest.MonkeyPatch) -> None:
    _find_with(patch, lambda equal, tenant: {"tenant": tenant, **equal})


def tenants_take_each_others_places(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Collection, "_point_id", lambda _, name, __: uuid5(collection._IDS, name))


def texts_of_the_search_before(patch: pytest.MonkeyPatch) -> None:
    record, former = came.of_other, list[Any]()

    def wrong(*about: Any) -> Any:
        made = record(*about)
        if made.found is None:
            return made
        former.append(made.found)
        return made.model_copy(update={"found": former[-2:][0]})

    patch.setattr(came, "of_other", wrong)


def the_last_text_not_named(patch: pytest.MonkeyPatch) -> None:
    find = RetrieverHandler._found

    async def wrong(self: Any, event: Any) -> Any:
        known = await find(self, event)
        return {**known, "found": known["found"].model_copy(update={"texts": known["found"].texts[:-1]})}

    patch.setattr(RetrieverHandler, "_found", wrong)


def what_is_taken_over_is_from_nowhere(patch: pytest.MonkeyPatch) -> None:
    of = earlier.Earlier.of

    def wrong(self: Any, *about: Any) -> Any:
        found = of(self, *about)
        return found and found.model_copy(update={"found": None})

    patch.setattr(earlier.Earlier, "of", wrong)


def a_store_that_is_away_has_no_collection(patch: pytest.MonkeyPatch) -> None:
    retrieve = Retriever.retrieve

    async def wrong(self: Any, query: Any) -> Any:
        try:
            return await retrieve(self, query)
        except RetrievalFailed as failed:
            raise RetrievalFailed("no_collection", failed.message) from failed

    patch.setattr(Retriever, "retrieve", wrong)


def not_tried_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Retriever, "_pause_s", _given_up)


def _given_up(*_: Any) -> float:
    raise RetrievalFailed("store", "not tried again")


def _find_with(patch: pytest.MonkeyPatch, held: Any) -> None:
    find = Collection.find

    async def wrong(self: Any, text: str, equal: Mapping[str, Any], top_k: int, tenant: str) -> Any:
        if self._entry.tenant_field is None:
            return await find(self, text, equal, top_k, tenant)
        entry = self._entry.model_copy(update={"tenant_field": None})
        return await find(Collection(entry, self._embedder, self._store), text, held(equal, tenant), top_k, tenant)

    patch.setattr(Collection, "find", wrong)
