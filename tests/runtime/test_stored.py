"""What lies in a store is read by its own version's program, and refused by an older one."""

import pytest

from headchef_contracts.events.common import Part

from headchef.runtime.errors import UnknownVersion
from headchef.runtime.stored import read_stored


class Purse(Part):
    """Holds a little, in two versions."""

    left: int = 0
    v: int = 1


def test_what_this_version_wrote_is_read() -> None:
    assert read_stored(Purse, Purse(left=3).model_dump_json(exclude_defaults=True).encode(), 1, "a purse").left == 3


def test_what_another_version_wrote_is_refused_by_its_name() -> None:
    with pytest.raises(UnknownVersion, match=r"^a purse has version 2; upgrade this program first$"):
        read_stored(Purse, Purse(v=2).model_dump_json().encode(), 1, "a purse")
