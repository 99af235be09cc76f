"""Tables, figures and findings as a notebook shows them."""
