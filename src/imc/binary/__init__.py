"""Binary and few-bit networks: quantizers with their gradients, layers and optimisers for any paper."""

__all__ = ["binarynet", "dorefa", "layers", "quantizers", "rbnn", "signs", "xnor"]  # pyright: ignore[reportUnsupportedDunderAll]
