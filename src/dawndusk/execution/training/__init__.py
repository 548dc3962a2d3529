"""Training by several replicas: methods, exchanges, checkpoints and their coordinator."""
