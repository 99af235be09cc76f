"""Chapter 01: what customers and staff need, who said so, and what answers it."""
