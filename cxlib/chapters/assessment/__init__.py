"""Chapter 02: where the experience stands."""
