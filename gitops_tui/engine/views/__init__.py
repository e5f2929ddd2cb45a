"""One look at one application: commit -> manifests -> paired with what is live -> judged -> status.

`reconcile` holds the look itself; nothing here writes or decides what to do.
"""
