"""Names the checks that come with Headchef, with what they say and the forms of their arguments."""

from collections.abc import Iterator

from headchef.checks import Check, installed


def checks() -> Iterator[tuple[str, str, type[Check]]]:
    """Give each check's name, what passes it, and the check."""
    for name in installed().names:
        check = installed().named(name)
        if check.__module__.startswith("headchef."):
            yield name, " ".join((check.__doc__ or "").split("\n\n")[0].split()), check
