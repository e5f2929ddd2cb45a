"""The verbs that go back: rollback in its three modes, unpin, undo."""
