"""Other programs that use the same account: one that does the same work in another way, and one that competes."""
