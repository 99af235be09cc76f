"""Chapter 14: what the contract asks for, what was accepted, what is late and what is open."""
