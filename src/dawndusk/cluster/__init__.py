"""Real work on a Ray cluster: each replica a process of its own on its satellite's node."""
