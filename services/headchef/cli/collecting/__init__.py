"""Carries out `headchef collection`."""
