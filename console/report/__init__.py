"""Writes reports down: Markdown for a pipeline, HTML for a browser and a printer."""
