"""Where an operation looks: a cluster, a bundle, a chart, a release, git."""
