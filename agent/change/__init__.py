"""What may change a cluster: plans, the gate that justifies them, the edits, the ledger and the steps of an apply."""
