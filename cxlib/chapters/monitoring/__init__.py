"""Chapter 11: what is moving, and whether it is more than noise."""
