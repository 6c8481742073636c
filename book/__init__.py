"""The book: the study as a static site, made from executed notebooks and pages that exist, with nothing executed."""
