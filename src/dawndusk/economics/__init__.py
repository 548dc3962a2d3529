"""What it costs, in orbit and on the ground."""
