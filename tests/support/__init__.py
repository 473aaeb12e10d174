"""Real servers and builders that tests share."""
