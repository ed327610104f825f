"""Carrying a plan out: where plans are kept, the ledger, the locks, the steps and what is made sure of afterwards."""
