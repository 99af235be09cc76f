"""Chapter 02: where does the experience stand?"""
