"""Links between satellites and to the ground: light, radio, weather, paths and sharing."""
