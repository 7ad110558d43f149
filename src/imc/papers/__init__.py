"""The papers: one room each. A room imports the library and the machinery, and never another room."""
