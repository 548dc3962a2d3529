"""What surrounds them: Sun, shadow, albedo and infrared, particles, air and debris."""
