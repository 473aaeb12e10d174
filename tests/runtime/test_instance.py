"""Member ids: one live process each, and the same one again for the process that comes back."""

from pathlib import Path

import pytest

from headchef.runtime.instance import hold_instance
from headchef.runtime.settings import BadSettings


def test_slots_are_taken_in_order_and_taken_again_after_release(tmp_path: Path) -> None:
    with hold_instance("g", None, tmp_path) as first:
        with hold_instance("g", None, tmp_path) as second, hold_instance("h", None, tmp_path) as other_group:
            assert first.instance.endswith("-0")
            assert second.instance.endswith("-1")
            assert other_group.instance == first.instance
        with hold_instance("g", None, tmp_path) as third:
            assert third.instance == second.instance


def test_a_second_live_process_with_one_id_is_refused(tmp_path: Path) -> None:
    with (
        hold_instance("g", "mine", tmp_path),
        pytest.raises(BadSettings, match="HEADCHEF_INSTANCE: a live process of g has the id 'mine'"),
    ):
        hold_instance("g", "mine", tmp_path)
    with hold_instance("g", "mine", tmp_path) as again:
        assert again.instance == "mine"


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(BadSettings, match="HEADCHEF_LOCK_DIR: cannot make"):
        hold_instance("g", None, blocked / "locks")
