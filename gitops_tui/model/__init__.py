"""The nouns: frozen values that the whole program speaks in. Standard library only; no input or output.

Import from the modules: `resources` (keys, manifests, drift, health), `application`, `revision`, `operations`
(plans, receipts, pins), `status` (what is known at one instant), `ownership`, `errors`, `text`.
"""
