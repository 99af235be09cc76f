"""The kit's own MIME types: what a notebook shows, and what the report's template reads."""

TABLE = "application/vnd.cx.table+json"
FIGURE = "application/vnd.cx.figure+json"
FINDINGS = "application/vnd.cx.findings+json"
TILES = "application/vnd.cx.tiles+json"
NOTE = "application/vnd.cx.note+json"
