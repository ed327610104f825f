"""What any Kubernetes engineer knows, once: how the API's objects belong together. Pure."""
