"""A handler with state that shows any record counted twice or not at all."""

from collections import Counter
from collections.abc import Iterable

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.processor import Change, Delivery, Emit, Outcome, State, Store
from tests.runtime.behaviour.echo import SINK, Echo
from tests.runtime.behaviour.world import World

TALLY = "tally"
STORE = Store(TALLY)
KEY = b"all"


class Tally(Echo):
    """Counts the records of its task in a store, and emits for each record the count that it got."""

    def outcome(self, delivery: Delivery, state: State, value: str) -> Outcome:
        """Count one more."""
        count = int(state.get(TALLY, KEY) or b"0") + 1
        event = JobSubmitted(job_id=value, prompt=Inline(inline=str(count)))
        return Outcome(
            (Emit(SINK, event, partition=delivery.record.partition),), (Change(TALLY, KEY, str(count).encode()),)
        )


async def assert_exact(world: World, values: Iterable[str]) -> None:
    """Check that each value came out once, that the counts of each task have no gap, and that the state is the same."""
    out: Counter[str] = Counter()
    counts: dict[int, list[int]] = {}
    for record in await world.sink():
        event = JobSubmitted.model_validate_json(record.value or b"")
        out[event.job_id] += 1
        counts.setdefault(record.partition, []).append(int(event.prompt.inline))  # type: ignore[union-attr]  # never a Ref
    assert out == Counter(values)
    assert counts == {task: list(range(1, len(found) + 1)) for task, found in counts.items()}
    changelog = await world.backend.read_committed(world.names.changelogs[TALLY])
    kept = {record.partition: int(record.value or b"0") for record in changelog}
    assert kept == {task: len(found) for task, found in counts.items()}
