"""Names the judges of equality that come with Headchef, with what they say and the forms of their arguments."""

from collections.abc import Iterator

from headchef.equality import Judge, installed


def judges() -> Iterator[tuple[str, str, type[Judge]]]:
    """Give each judge's name, when it finds answers the same, and the judge."""
    for name in installed().names:
        judge = installed().named(name)
        if judge.__module__.startswith("headchef."):
            yield name, " ".join((judge.__doc__ or "").split()), judge
