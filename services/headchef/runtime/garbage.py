"""Collects garbage seldom: events are dropped by their reference counts, and looking for cycles among them is waste."""

import gc

_YOUNG_OBJECTS = 50_000
"""Python's own is 700, which a batch of events passes several times; each pass walks all that is being worked on."""

_MIDDLE_PASSES, _OLD_PASSES = 20, 50


def collect_seldom() -> None:
    """Let this process look for cycles when there are many new objects, and leave out all that its start has made.

    For processes that live long. Measured on the whole pipeline it is worth a fifth to a third of the jobs a second
    (infra/decisions/0014).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _MIDDLE_PASSES, _OLD_PASSES)
