"""The project's own instrument for ε: transformers with random weights, trained and decoded beside an energy counter.

Everything that touches an accelerator needs PyTorch and NVML alone, so that a bare machine can
measure what a full installation has predicted before (``recount measure --predict``).
"""
