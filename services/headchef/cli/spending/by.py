"""Whose calls may be added up; apart from what adds, so that the command line starts fast."""

from typing import Literal

By = Literal["tenant", "model", "label", "lane"]
