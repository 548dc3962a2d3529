"""The fleet over years: launches, failures, replacement, servicing and conjunctions."""
