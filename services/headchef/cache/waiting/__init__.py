"""Lets a question wait for the answer to the same one, which is being asked already."""

from headchef.cache.waiting.asked import step_of
from headchef.cache.waiting.cancelled import CancelledWaiters
from headchef.cache.waiting.leaders import Leaders
from headchef.cache.waiting.line import WAITING
from headchef.cache.waiting.policy import WaitPolicy
from headchef.cache.waiting.sitting import Coalescing, Sitting

__all__ = ["WAITING", "CancelledWaiters", "Coalescing", "Leaders", "Sitting", "WaitPolicy", "step_of"]
