"""Order, parameters and records of a run: profiles, strict notebook runner, Snakemake plan, command line. No science."""
