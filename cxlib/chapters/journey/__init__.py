"""Chapter 05: the journey as customers live it, drawn from data."""
