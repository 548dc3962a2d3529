"""Where satellites are: constellations, imported sets, mean-element motion, frames."""
