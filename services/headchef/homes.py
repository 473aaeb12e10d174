"""Where accounts are kept, of whatever must hold across partitions: each by one task of the processor `accounts`."""

HOMES = 4
"""Accounts are kept by the tasks of so many partitions, the first ones, however many there are: topics may grow.

Nobody can set it: two that ask under different numbers would have two owners for one account.
"""
