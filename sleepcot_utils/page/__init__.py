"""A page on this machine for one person: nights, report, advice with marks, questions, ratings, deletion."""
