"""What a processor's topics, group and transactional ids are called on the log."""

from collections.abc import Mapping
from dataclasses import dataclass

from headchef_contracts import topics

from headchef.runtime.processor import Input, Processor

BIRTHS = "tasks"
"""The store in which every processor notes what its tasks have begun to read."""


@dataclass(frozen=True, slots=True)
class Names:
    """The full names of one processor.

    Attributes:
        group: consumer group.
        inputs: by full topic name.
        changelogs: full topic name by store name.
        births: full name of the `tasks` changelog.
    """

    group: str
    inputs: dict[str, Input]
    changelogs: Mapping[str, str]
    births: str

    def transactional_id(self, task: int) -> str:
        """Name the producer of a task."""
        return f"{self.group}.{task}"

    @property
    def topics(self) -> tuple[str, ...]:
        """All topics whose partition p belongs to task p."""
        return (*self.inputs, *self.changelogs.values(), self.births)


def names(namespace: str, processor: Processor) -> Names:
    """Name what a processor uses, in a namespace."""
    return Names(
        group=f"{namespace}.{processor.name}",
        inputs={topics.physical(namespace, source.topic): source for source in processor.inputs},
        changelogs={
            store.name: topics.physical(namespace, f"{processor.name}.{store.name}.changelog")
            for store in processor.kept
        },
        births=topics.physical(namespace, f"{processor.name}.{BIRTHS}.changelog"),
    )
