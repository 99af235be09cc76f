"""Chapter 09: whether the service is as good as promised."""
