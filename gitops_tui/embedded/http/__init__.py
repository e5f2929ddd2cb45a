"""The API over HTTP: connections, routing, watches, tables."""
