"""Ways to find out how many calls at once are good, side by side at servers that state no limit, on virtual time."""
