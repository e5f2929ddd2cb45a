"""What kinds of screens have in common."""
