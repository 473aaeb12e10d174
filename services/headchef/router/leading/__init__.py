"""Leads jobs through workflows: what comes of a step decides what is asked next, until the job has its one result."""

from headchef.router.leading.affording import Afforded
from headchef.router.leading.asked import Planner
from headchef.router.leading.beginning import has_begun
from headchef.router.leading.cancelled import CancelledReviews
from headchef.router.leading.leader import Leader
from headchef.router.leading.memory import Memory
from headchef.router.leading.records import JOBS, LostRecord
from headchef.router.leading.remains import Remains
from headchef.router.leading.reviews import job_of
from headchef.router.leading.shelf import Shelf

__all__ = [
    "JOBS",
    "Afforded",
    "CancelledReviews",
    "Leader",
    "LostRecord",
    "Memory",
    "Planner",
    "Remains",
    "Shelf",
    "has_begun",
    "job_of",
]
