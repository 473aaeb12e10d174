"""Equal questions that are asked at once: what a crowd costs, and who is held up by one that is answered late."""
