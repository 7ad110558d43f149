"""What hardware costs: components with their sources, their roll-up, and the conventions of counting."""

__all__ = ["components", "crossbars", "matrices", "networks", "rollup", "scaling", "table"]  # pyright: ignore[reportUnsupportedDunderAll]
