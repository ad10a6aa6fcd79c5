"""The watch mode on a web page."""
