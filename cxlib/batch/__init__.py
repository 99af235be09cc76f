"""Plan and run: which jobs, how they execute, what is stale, what failed."""
