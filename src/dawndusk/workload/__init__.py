"""What is asked of it: requests, training and batch jobs."""
