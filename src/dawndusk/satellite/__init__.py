"""What a satellite is made of: array, battery, heat path, accelerators, ageing, sizing."""
