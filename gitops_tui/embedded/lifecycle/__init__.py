"""What goes on by itself in any cluster: garbage collection, namespaces, custom resource definitions."""
