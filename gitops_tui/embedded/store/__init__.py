"""What is kept: objects by key at revisions, their history, and their copy on disk. Knows nothing of HTTP or kinds."""
