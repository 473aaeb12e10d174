"""Opens the store of bodies that the environment names, if it names one."""

from headchef.bodies.bodies import Bodies
from headchef.bodies.form import MAX_BODY_BYTES
from headchef.bodies.settings import BodiesSettings
from headchef.runtime.clock import Clock
from headchef.runtime.settings import BadSettings, load
from headchef.runtime.telemetry.metrics import Metrics

_MOST_IN_AN_EVENT = 3_500_000
"""Of bytes of one output: with the job's head it must fit into the 4 MiB of a topic."""


def open_bodies(clock: Clock, metrics: Metrics) -> Bodies | None:
    """Give the bodies of this process; None where no store is set.

    Args:
        clock: for pauses.
        metrics: counts bodies, and what went wrong.

    Raises:
        BadSettings: a setting is wrong.
    """
    settings = load(BodiesSettings)
    if settings.url is None:
        return None
    # The driver takes a tenth of a second to load, which who does without must not wait for.
    from headchef.bodies.objects import open_objects

    return Bodies(
        open_objects(settings.url, settings.timeout_s),
        inline_bytes=settings.inline_bytes,
        kept_bytes=settings.kept_bytes,
        clock=clock,
        metrics=metrics,
    )


def limit_outputs(variable: str, max_bytes: int, bodies: Bodies | None) -> None:
    """Hold a limit of outputs against what an event can carry where no store is set.

    Args:
        variable: that sets the limit.
        max_bytes: the limit.
        bodies: of this process.

    Raises:
        BadSettings: such an output could be neither in an event nor in a store.
    """
    if bodies is None and max_bytes > _MOST_IN_AN_EVENT:
        right = f"at most {_MOST_IN_AN_EVENT:,}, or set HEADCHEF_BODIES too, for up to {MAX_BODY_BYTES:,}"
        raise BadSettings(variable, f"an output of {max_bytes:,} bytes does not fit into an event: {right}")
