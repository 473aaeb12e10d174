"""Planned calls as records on a log, and the package whose functions they name."""

import uuid
from collections.abc import Sequence
from pathlib import Path

from headchef_contracts.cloudevents import Attributes, Header, to_headers
from headchef_contracts.events.calls import CallPlanned

INSTALLED = Path(__file__).with_name("installed")
"""To be put on a path: there it is found as if it had been installed."""


def headers_of(call: CallPlanned) -> Sequence[Header]:
    """Give the headers under which a router publishes a call, with an id of its own."""
    return to_headers(Attributes(uuid.uuid4().hex, "/headchef/router", call.event_type, call.version, call.decided.at))
