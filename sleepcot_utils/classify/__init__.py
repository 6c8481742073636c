"""Rest or exercise: a day and a night told as text, and as numbers, to models that choose between two labels."""
