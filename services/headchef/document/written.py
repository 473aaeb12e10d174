"""Writes JSON values as people read them, as YAML with texts of several lines as such, and says where two differ."""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

import yaml

_WIDTH = 10**9
"""Nothing is folded: a line of a text stays a line."""
_OTHER_LINE_ENDS = set("\r\x85\u2028\u2029")


class _Writer(yaml.SafeDumper):
    """As PyYAML writes, but with the lines of a text below each other, and nothing written as `*id001`."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Other line ends than \n are read back as it, unless they are escaped. Where a text cannot be written in lines, for
    # a control character or a space that ends one, PyYAML puts it into quotes itself.
    style = '"' if _OTHER_LINE_ENDS & set(text) else "|" if "\n" in text else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)


def written(value: Any) -> str:
    """Write a value; equal ones are written alike, whatever the order of their fields.

    Args:
        value: JSON.

    Returns:
        YAML, with a line end.
    """
    whole: str = yaml.dump(value, Dumper=_Writer, allow_unicode=True, width=_WIDTH, default_flow_style=False)
    return whole.removesuffix("...\n")


def differing(before: Any, after: Any, names: tuple[str, str], context: int = 2) -> str:
    """Say line by line where two values differ.

    Args:
        before: JSON.
        after: JSON.
        names: of both, for the heading.
        context: how many equal lines are shown around each place.

    Returns:
        A unified diff; empty if they do not differ.
    """
    old, new = (written(value).splitlines() for value in (before, after))
    return "\n".join(unified_diff(old, new, *names, n=context, lineterm=""))


def jsonable(value: Any) -> bool:
    """Tell whether a value that was read from YAML is JSON: dates are not, nor are fields that are numbers."""
    match value:
        case None | bool() | int() | float() | str():
            return True
        case list():
            return all(map(jsonable, value))
        case Mapping():
            return all(isinstance(name, str) and jsonable(each) for name, each in value.items())
        case _:
            return False
