"""What hardware costs: components with their sources, their roll-up, and the conventions of counting."""
