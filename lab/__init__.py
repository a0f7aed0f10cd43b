"""Training experiments and the paper's figures: what verifies no statement."""
