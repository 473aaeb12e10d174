"""Who decides about the reviews of a run."""

from enum import StrEnum


class Decider(StrEnum):
    """Whoever is at the terminal, what holds if nobody decides, or the same for all."""

    ASK = "ask"
    OTHERWISE = "otherwise"
    APPROVE = "approve"
    REJECT = "reject"
