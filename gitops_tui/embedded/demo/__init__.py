"""The demo: a simulated cluster and a sample repository, with applications in every state worth seeing."""
