"""Turns the bytes of a YAML file into a document, or says in one fault why they are none."""

import yaml

from headchef.document.fault import Fault
from headchef.document.places import Document, read_yaml


class Unreadable(Exception):
    """Bytes that are no YAML document.

    Args:
        fault: why, and where.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def read_document(raw: bytes) -> Document:
    """Read a YAML document.

    Args:
        raw: the file's bytes.

    Raises:
        Unreadable: not UTF-8, not YAML, or nested too deep.
    """
    try:
        return read_yaml(raw.decode())
    except UnicodeDecodeError as error:
        raise Unreadable(Fault(0, "", "is not UTF-8 text")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise Unreadable(Fault(line, "", f"is not YAML: {problem}", column)) from error
    except RecursionError as error:
        raise Unreadable(Fault(0, "", "is nested too deep, or an alias refers to itself")) from error
