"""Ways back besides the pin: a commit that restores, the last good deployment, and undo of what was done last."""
