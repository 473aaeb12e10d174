"""The comparison of templated prompts, small: its stream is what it says, and no scope mixes facts."""

from itertools import islice, pairwise

from tests.bench.templated.comparison import compare, table
from tests.bench.templated.stream import stream


def test_neighbours_differ_in_one_fact_and_come_again_in_other_words() -> None:
    asked = list(stream(28))
    for one, other in islice(pairwise(asked), 6):
        assert one.question == other.question
        differing = [name for name in one.facts if one.facts[name] != other.facts[name]]
        assert 1 <= len(differing) <= 2
    assert [each.facts for each in asked[:7]] == [each.facts for each in asked[7:14]]
    assert len({each.question for each in asked}) == 4
    assert len({str(each) for each in stream(2_000)}) > 1_990


def test_no_answer_is_made_from_other_facts_but_where_whole_prompts_are_compared() -> None:
    figures = compare(560, 280)
    assert figures["templated.scope.wrong"] == 0
    assert figures["templated.scope.reused"] == 420
    assert figures["templated.bound.wrong"] == 0
    assert figures["templated.whole-0.9.wrong"] > 0
    assert table(figures).count("\n") == 8
