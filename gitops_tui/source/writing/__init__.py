"""Writing to Git: one commit that restores one path, pushed as a fast-forward or not at all."""
