"""Chapter 13: was the training held, did it teach, and is it seen at work."""
