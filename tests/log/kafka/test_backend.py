"""What the suites of the seam leave behind on a cluster that others use after them: nothing."""

from tests.support.eventually import eventually_async
from tests.support.kafka_backend import KafkaBackend


async def test_a_backend_takes_its_topics_with_it(kafka: str) -> None:
    backend, other = KafkaBackend(kafka), KafkaBackend(kafka)
    topics = [await backend.make_topic(2), await backend.make_topic(name=backend.name("named"))]
    log = other.process("other")
    assert (await log.partition_counts(topics)).keys() == set(topics)
    await backend.close()

    async def gone() -> bool:
        return not await log.partition_counts(topics)

    await eventually_async(gone)
    await other.close()
