"""What every store of points must do, on the fake, the embedded engine and a real server alike."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from headchef.qdrant.embedded_points import EmbeddedPoints
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.qdrant.points import PointStore, SoughtPoint, StoredPoint
from headchef.qdrant.where import Equal, Where
from tests.qdrant.conftest import FORM, server_store
from tests.support.qdrant_server import QdrantAddress

ALONG = (1.0, 0.0, 0.0, 0.0)


def _point(number: int, turn: float = 0.0, **payload: Any) -> StoredPoint:
    """A point that is turned from `ALONG` by so much: its score is the root of 1 - turn²."""
    return StoredPoint(UUID(int=number + 1), (sqrt(1 - turn * turn), turn, 0.0, 0.0), payload)


async def _names(store: PointStore, equal: Mapping[str, Equal] | None = None, top_k: int = 10) -> list[str]:
    [found] = await store.nearest([SoughtPoint(ALONG, equal or {})], top_k)
    return [str(each.payload["name"]) for each in found]


async def test_a_collection_that_was_never_made_is_not_there(store: PointStore) -> None:
    with pytest.raises(StoreRefused, match="there is no collection") as refused:
        await store.open()
    assert refused.value.reason == "no_collection"


async def test_a_new_collection_is_empty(store: PointStore) -> None:
    await store.open(make=True)
    assert await _names(store) == []
    assert await store.count() == 0


async def test_the_nearest_come_first_and_not_more_than_asked_for(store: PointStore) -> None:
    await store.open(make=True)
    await store.put([_point(1, 0.9, name="far"), _point(2, 0.1, name="near"), _point(3, 0.5, name="between")])
    assert await _names(store) == ["near", "between", "far"]
    assert await _names(store, top_k=2) == ["near", "between"]
    [[found]] = await store.nearest([SoughtPoint(ALONG)], 1)
    assert found.score == pytest.approx(sqrt(0.99), abs=1e-5)
    assert found.id == str(UUID(int=3))


async def test_payloads_come_back_as_they_were_put(store: PointStore) -> None:
    await store.open(make=True)
    payload = {"text": '"quoted" \n ünïcödé 🚗', "deep": {"list": [1, 2.5, None, True]}, "number": 2**40}
    await store.put([StoredPoint(UUID(int=1), ALONG, payload)])
    [[found]] = await store.nearest([SoughtPoint(ALONG)], 1)
    assert found.payload == payload


@pytest.mark.parametrize(
    ("equal", "expected"),
    [
        ({"locale": "pt"}, ["a", "b"]),
        ({"locale": "pt", "rooms": 2}, ["b"]),
        ({"rooms": 1}, ["a"]),
        ({"new": True}, ["b"]),
        ({"new": False}, ["a"]),
        ({"locale": "PT"}, []),
        ({"rooms": "1"}, []),
        ({"unknown": "pt"}, []),
    ],
)
async def test_fields_must_be_equal(store: PointStore, equal: dict[str, Equal], expected: list[str]) -> None:
    await store.open(make=True)
    await store.put(
        [
            _point(1, 0.1, name="a", locale="pt", rooms=1, new=False),
            _point(2, 0.2, name="b", locale="pt", rooms=2, new=True),
            _point(3, 0.3, name="c", locale="es", rooms=3),
        ]
    )
    assert await _names(store, equal) == expected


async def test_several_are_sought_at_once_and_none_sees_what_another_asked_for(store: PointStore) -> None:
    await store.open(make=True)
    assert list(await store.nearest([], 3)) == []
    await store.put(
        [_point(1, 0.1, name="a", locale="pt"), _point(2, 0.2, name="b", locale="pt"), _point(3, name="c", locale="es")]
    )
    across = (0.0, 1.0, 0.0, 0.0)
    sought = [
        SoughtPoint(ALONG, {"locale": "pt"}),
        SoughtPoint(across, {"locale": "pt"}),
        SoughtPoint(ALONG, {"locale": "es"}),
        SoughtPoint(ALONG, {"locale": "fr"}),
    ]
    found = await store.nearest(sought, 5)
    assert [[each.payload["name"] for each in points] for points in found] == [["a", "b"], ["b", "a"], ["c"], []]


@pytest.mark.parametrize(
    ("where", "left"),
    [
        (Where(equal={"locale": "pt"}), ["b", "c"]),
        (Where(equal={"tags": "fresh"}), ["b", "c"]),
        (Where(equal={"locale": "pt"}, until={"age": 0.5}), ["a", "b", "c"]),
        (Where(until={"age": 1.5}), ["b", "c"]),
        (Where(until={"age": 2.0}), ["c"]),
        (Where(until_or_absent={"age": 1.5}), ["b"]),
        (Where(among={"locale": ["pt", "fr"]}), ["b"]),
        (Where(ids=[UUID(int=2), UUID(int=3)]), ["c"]),
        (Where(ids=[]), ["a", "b", "c"]),
        (Where(ids=[UUID(int=2), UUID(int=3)], equal={"locale": "es"}), ["a", "c"]),
        (Where(absent=("tags",)), ["a", "b"]),
        (Where(absent=("age",)), ["a", "b"]),
    ],
)
async def test_what_is_meant_is_removed_and_nothing_else(store: PointStore, where: Where, left: list[str]) -> None:
    await store.open(make=True)
    await store.put(
        [
            _point(1, 0.1, name="a", locale="pt", age=1.5, tags=["fresh", "spring"]),
            _point(2, 0.2, name="b", locale="es", age=2, tags=["spring"]),
            _point(3, 0.3, name="c", locale="fr", age=None, tags=[]),
        ]
    )
    await store.remove(where)
    assert await _names(store) == left
    assert await store.count() == len(left)


async def test_the_least_come_first_and_those_without_a_number_not_at_all(store: PointStore) -> None:
    await store.open(make=True)
    ages = [5.5, 3, 0.25, 7, 3]
    await store.put([*(_point(number, age=age) for number, age in enumerate(ages)), _point(9), _point(10, age=None)])
    least = await store.least("age", 4)
    assert [each.number for each in least] == [0.25, 3, 3, 5.5]
    assert [each.id.int for each in least if each.number != 3] == [3, 1]
    await store.put([_point(2, age=9)])
    assert [each.number for each in await store.least("age", 10)] == [3, 3, 5.5, 7, 9]


async def test_vectors_are_found_by_their_ids(store: PointStore) -> None:
    await store.open(make=True)
    await store.put([_point(1, 0.6), _point(2, 0.8)])
    found = await store.vectors([UUID(int=3), UUID(int=99), UUID(int=2)])
    assert {each.int: list(vector) for each, vector in found.items()} == {
        2: pytest.approx([0.8, 0.6, 0.0, 0.0], abs=1e-6),
        3: pytest.approx([0.6, 0.8, 0.0, 0.0], abs=1e-6),
    }


async def test_a_later_point_takes_the_place_of_an_earlier(store: PointStore) -> None:
    await store.open(make=True)
    await store.put([_point(1, name="earlier"), _point(2, 0.5, name="other")])
    await store.put([_point(1, name="later")])
    assert await _names(store) == ["later", "other"]
    assert await store.count() == 2


async def test_many_points_at_once(store: PointStore) -> None:
    await store.open(make=True)
    await store.put([_point(number, number / 1_000, name=number) for number in range(700)])
    assert await store.count() == 700
    assert await _names(store, top_k=3) == ["0", "1", "2"]


async def test_points_outlive_closing_and_opening_twice_changes_nothing(store: PointStore) -> None:
    await store.open(make=True)
    await store.put([_point(1, name="kept")])
    await store.close()
    await store.open()
    await store.open(make=True)
    assert await _names(store) == ["kept"]


async def test_a_closed_store_is_unavailable(store: PointStore) -> None:
    await store.open(make=True)
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.nearest([SoughtPoint(ALONG)], 1)
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.put([_point(1)])


async def test_several_may_open_at_once(store: PointStore) -> None:
    """As the items of a step do; each goes on as if it had opened it alone."""
    await store.open(make=True)
    await store.put([_point(1, name="kept")])
    await store.close()

    async def search() -> list[str]:
        await store.open()
        return await _names(store)

    assert await asyncio.gather(*(search() for _ in range(3))) == [["kept"]] * 3


async def test_a_folder_with_other_vectors_is_refused(tmp_path: Path) -> None:
    store = EmbeddedPoints(tmp_path, FORM)
    await store.open(make=True)
    await store.put([_point(1)])
    await store.close()
    with pytest.raises(StoreRefused, match="must have a vector '' of 8 numbers"):
        await EmbeddedPoints(tmp_path, replace(FORM, dimensions=8)).open()


async def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    store = EmbeddedPoints(tmp_path, FORM)
    await store.open(make=True)
    with pytest.raises(StoreRefused, match="in use by process"):
        await EmbeddedPoints(tmp_path, FORM).open()
    await store.close()


@pytest.mark.parametrize(("dimensions", "vector", "has"), [(8, "", "one of 4"), (4, "dense", "no such vector")])
async def test_a_server_with_other_vectors_is_refused(
    qdrant: QdrantAddress, collection: str, dimensions: int, vector: str, has: str
) -> None:
    first = server_store(qdrant, collection)
    await first.open(make=True)
    await first.close()
    other = server_store(qdrant, collection, replace(FORM, dimensions=dimensions, vector=vector))
    with pytest.raises(StoreRefused, match=has) as refused:
        await other.open(make=True)
    assert refused.value.reason == "dimensions"
    await other.close()


async def test_a_server_that_is_away_is_unavailable() -> None:
    store = server_store(QdrantAddress("127.0.0.1", 9, 9), "guides")
    with pytest.raises(StoreUnavailable) as failed:
        await store.open()
    assert not isinstance(failed.value, StoreRefused)
    await store.close()


async def test_a_named_vector_is_made_and_searched(qdrant: QdrantAddress, collection: str) -> None:
    store = server_store(qdrant, collection, replace(FORM, vector="dense"))
    await store.open(make=True)
    await store.put([_point(1, name="kept")])
    assert await _names(store) == ["kept"]
    await store.close()
