"""Counts what is observed of reused answers by what it says, for people to look at. Pure."""

from headchef_contracts.events.bounds import CacheObserved, Counts


def counted(counts: Counts, event: CacheObserved, corrected: int) -> Counts:
    """Count an observation.

    Args:
        counts: before.
        event: what was observed.
        corrected: how many reused answers are known as wrong by what a person has said.
    """
    match event.kind:
        case "label":
            # What the bound allows is asked all the same where it is explored, and always in shadow mode.
            allowed = event.guess is not None and event.guess.choice != "ask"
            return counts.model_copy(
                update={
                    "labels": counts.labels + 1,
                    "wrong": counts.wrong + bool(event.wrong),
                    "allowed": counts.allowed + allowed,
                    "allowed_wrong": counts.allowed_wrong + (allowed and bool(event.wrong)),
                }
            )
        case "served":
            return counts.model_copy(update={"served": counts.served + 1, "corrected": counts.corrected + corrected})
        case "refused":
            return counts.model_copy(update={"refused": counts.refused + 1})
        case "corrected":
            return counts.model_copy(update={"corrected": counts.corrected + corrected})
