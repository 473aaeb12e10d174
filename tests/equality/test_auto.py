"""The judge where none is named: JSON by its fields, all else by its words; and the judge by vectors."""

from collections.abc import Sequence

import pytest

from headchef.embedding import EmbeddingFailed, HashedEmbedder, Vector
from headchef.equality import Different, Undecided
from tests.equality.comparing import opinion, same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": 2}', '{"b": 2.0, "a": 1}'),
        ('```json\n{"a": "x"}\n```', ' {"a": "X!"}'),
        ("[1]", "[1.0]"),
        ("Yes, it is.", "yes it is"),
        ("{not JSON}", "not JSON"),
        ("2", "2."),
    ],
)
async def test_it_sees_what_answers_are(one: str, other: str) -> None:
    assert await same(one, other)


async def test_json_is_not_the_same_as_text() -> None:
    assert await opinion('{"a": 1}', "a 1") == Different("one is JSON, and the other is not")


async def test_json_within_prose_is_part_of_the_text() -> None:
    assert not await same('Take {"a": 1}', 'Leave {"a": 1}')


class Away(HashedEmbedder):
    """Cannot be reached."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        raise EmbeddingFailed("unreachable", "nobody answers")


NEAR = ("the flat has two rooms and a small kitchen", "the flat has two rooms and a little kitchen")


async def test_vectors_that_are_near_enough_make_texts_the_same() -> None:
    assert await same(*NEAR, "embedding", least=0.8)
    found = await opinion(*NEAR, "embedding", least=0.99)
    assert isinstance(found, Different)
    assert found.why.endswith(", and 0.99 is asked for")


async def test_numbers_must_be_the_same_however_near_the_vectors_are() -> None:
    one, other = (f"{NEAR[0]} for {euros} euros a month" for euros in (900, 950))
    assert await opinion(one, other, "embedding", least=0.1) == Different("only one has 900")
    assert await same(one, other, "embedding", least=0.1, numbers="any")


async def test_nobody_knows_while_the_embedder_is_away() -> None:
    found = await opinion(*NEAR, "embedding", embedder=Away(), least=0.9)
    assert found == Undecided("the embedder gives no vectors: nobody answers")
    assert await same(NEAR[0], NEAR[0], "embedding", embedder=Away(), least=0.9)
