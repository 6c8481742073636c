"""The single checks that verification is made of, one module for each matter; none knows which teacher spoke."""
