"""A lane's quota, kept by each of its executors for the tasks that it owns."""
