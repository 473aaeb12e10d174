"""Functions of users' own packages, which workflows call by name, in processes of their own."""

from headchef.functions.named import GROUP, Functions, functions, installed
from headchef.functions.workshop import CallFailed, Workshop

__all__ = ["GROUP", "CallFailed", "Functions", "Workshop", "functions", "installed"]
