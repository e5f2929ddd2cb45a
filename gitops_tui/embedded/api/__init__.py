"""The operations of the API on one backend, without HTTP: read, create, replace, patch, apply, scale, delete."""
