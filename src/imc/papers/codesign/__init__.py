"""Device-algorithm co-optimization (S. Kim, slides): devices that learn, networks without converters."""
