"""Answers steps from earlier answers to questions that mean the same, and learns how often that would be wrong."""

from headchef.cache.semantic.bounds import BoundsInForce
from headchef.cache.semantic.flow import ByMeaning
from headchef.cache.semantic.guessing import Guess, Looked

__all__ = ["BoundsInForce", "ByMeaning", "Guess", "Looked"]
