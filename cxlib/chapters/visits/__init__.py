"""Chapter 04: what mystery visitors found."""
