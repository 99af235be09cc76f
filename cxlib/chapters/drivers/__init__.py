"""Chapter 06, what moves the score and where to begin."""
