"""Files of the outside world: one module per format."""
