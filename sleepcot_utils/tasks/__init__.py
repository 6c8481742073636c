"""Tasks and their keys. A key is computed from the report alone, by rules whose limits stand in ``data/norms``."""
