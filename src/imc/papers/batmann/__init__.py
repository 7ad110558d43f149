"""BATMANN (Ren et al., ASICON 2021): a memory-augmented network, binarized throughout, that learns from few
examples."""
