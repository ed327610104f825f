"""bluehelm: an operations agent for Kubernetes and Helm, grounded in blueprints.

Evidence flows one way through the folders: `tools` observe, `snapshot` records, `diagnose` judges the
snapshot against the `blueprint`, `report` shows it. `cli` is the door.
"""

__version__ = "0.1.0"
