"""What objects look like and may be: conforming, defaults, validation, immutability. Pure functions."""
