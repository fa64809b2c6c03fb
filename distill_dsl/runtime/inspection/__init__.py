"""What the data says before anything runs: read by the programs that will read it, without a network."""
