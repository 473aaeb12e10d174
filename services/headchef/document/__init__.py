"""YAML files that people write: read with the place of each value, checked whole, every fault named with its place."""

from headchef.document.fault import Fault, shown
from headchef.document.form_fault import faults_of, messages_of
from headchef.document.places import Document, Place, dotted, read_yaml
from headchef.document.reading import Unreadable, read_document
from headchef.document.written import differing, jsonable, written

__all__ = [
    "Document",
    "Fault",
    "Place",
    "Unreadable",
    "differing",
    "dotted",
    "faults_of",
    "jsonable",
    "messages_of",
    "read_document",
    "read_yaml",
    "shown",
    "written",
]
