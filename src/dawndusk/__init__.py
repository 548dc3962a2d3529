"""dawndusk."""
