"""A small client for teams around Headchef: publish jobs, read results. Needs `headchef-contracts[client]`."""

from importlib.util import find_spec

if find_spec("aiokafka") is None:
    raise ImportError("headchef_contracts.client needs aiokafka: pip install 'headchef-contracts[client]'")

from headchef_contracts.client.publisher import NotDelivered, Published, Publisher
from headchef_contracts.client.results import Result, Results

__all__ = ["NotDelivered", "Published", "Publisher", "Result", "Results"]
