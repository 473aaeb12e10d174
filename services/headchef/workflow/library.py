"""The published workflows that a process knows, by name and version; each is read when it is first wanted."""

import logging
from difflib import get_close_matches

from headchef_contracts.events.common import Event
from headchef_contracts.events.workflows import WorkflowPublished

from headchef.checks import Registry
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.errors import InvalidEvent
from headchef.workflow.errors import BadWorkflow
from headchef.workflow.model import Workflow
from headchef.workflow.published import TOPIC, read_published

_log = logging.getLogger(__name__)


class Library:
    """Keeps what is published. A version never changes: of two with one name the one that was published first holds.

    Args:
        checks: that workflows may name.
    """

    def __init__(self, checks: Registry) -> None:
        self._checks = checks
        self._published: dict[str, WorkflowPublished] = {}
        self._read: dict[str, Workflow | BadWorkflow] = {}

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take)

    def unknown(self, name: str) -> str:
        """Say that a workflow is not published, and which one may be meant."""
        near = get_close_matches(name, self._published, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`headchef workflow apply FILE` publishes one"
        return f"no workflow {name} is published; {hint}"

    async def take(self, event: Event) -> None:
        """Take in what is published.

        Raises:
            InvalidEvent: it is no workflow, or another one has its name and version.
        """
        if not isinstance(event, WorkflowPublished):
            raise InvalidEvent("unexpected_event", None, f"{type(event).__name__} in place of WorkflowPublished")
        known = self._published.setdefault(event.name, event)
        if known.digest != event.digest:
            message = f"{event.name} was published before with other content ({known.digest}), which stays"
            raise InvalidEvent("workflow_conflict", "name", message)
        _log.info("workflow %s of %s, published %s", event.name, event.file, event.published_at.isoformat())

    def find(self, name: str) -> Workflow | None:
        """Give a workflow, if it is published.

        Args:
            name: with its version.

        Raises:
            BadWorkflow: it is, and cannot be used here.
        """
        event = self._published.get(name)
        if event is None:
            return None
        if name not in self._read:
            try:
                self._read[name] = read_published(event, self._checks)
            except BadWorkflow as bad:
                self._read[name] = bad
        found = self._read[name]
        if isinstance(found, BadWorkflow):
            raise found
        return found
