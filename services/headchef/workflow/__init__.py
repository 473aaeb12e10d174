"""Workflows: the steps of a job in a YAML file, read, checked and drawn."""

from headchef.workflow.errors import BadWorkflow, FaultIn
from headchef.workflow.model import Workflow
from headchef.workflow.reading import load

__all__ = ["BadWorkflow", "FaultIn", "Workflow", "load"]
