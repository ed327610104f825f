"""What was found, as the PolicyReports that other programs read: of a namespace, or of the whole cluster."""
