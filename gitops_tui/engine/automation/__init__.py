"""What the engine does by itself: what was tried, what is wanted now (pure), and what holds it back."""
