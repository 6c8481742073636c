"""The student made smaller: quantized, pruned, exported, each saved as a file and priced by running it."""
