"""An OpenAI-compatible endpoint whose requests travel the simulated constellation."""
