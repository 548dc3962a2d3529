"""Jobs whose work really runs: seats, damage, links, runs and what is kept of them."""
