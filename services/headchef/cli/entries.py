"""Which entries there are beside the public one, as this machine's settings name them."""

from headchef_contracts import topics

from headchef.cli.faults import WrongUsage


def entries_here() -> tuple[str, ...]:
    """Give those of HEADCHEF_ENTRIES."""
    from headchef.router.settings import RouterSettings
    from headchef.runtime.settings import load

    return load(RouterSettings).entries


def checked(option: str, entry: str) -> str:
    """See that an entry can be called so.

    Raises:
        WrongUsage: it cannot.
    """
    if topics.entry_of(topics.door(entry)) is None:
        raise WrongUsage(
            f'{option}: no entry is called "{entry}"',
            "a name has lower case letters, digits, _ and -, 63 at most, and is neither bulk nor dlq",
        )
    return entry
