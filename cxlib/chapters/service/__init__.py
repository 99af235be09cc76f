"""Chapter 09: is the service as good as promised?"""
