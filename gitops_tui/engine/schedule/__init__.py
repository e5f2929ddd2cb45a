"""When what is done: repositories fetched, applications looked at, in lanes that do not hold up each other."""
