"""IMCE (D. Fan, ASP-DAC 2018, slides): bit-wise convolution in SOT-MRAM, from the junction to the energy."""
