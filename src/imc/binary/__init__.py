"""Binary and few-bit networks: quantizers with their gradients, layers and optimisers for any paper."""
