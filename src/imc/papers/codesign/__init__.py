"""Device-algorithm co-optimization (S. Kim, slides): devices that learn, and networks that need no converter."""
