"""What surrounds them: the Sun, the Earth's shadow, albedo and infrared."""
