"""Chapter 12: which tool to choose, how firm the choice is, and what its rollout needs."""
