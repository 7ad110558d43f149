"""The ReRAM thesis (S.-G. Lee, UNIST 2020): a binary network, its batch norm, circuit, efficiency."""
