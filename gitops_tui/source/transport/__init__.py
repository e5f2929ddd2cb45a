"""Running git safely: which URLs it may ask, with which credentials, in which environment, and what it says."""
