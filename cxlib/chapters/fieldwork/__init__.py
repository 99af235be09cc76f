"""Chapter 00: whom to ask, what, and how the field is doing."""
