"""Where work goes: one policy a file, what policies see, and a check that yours fits."""
