"""What is served: the table of kinds, their types, discovery. Adding a built-in kind is one row and its types."""
