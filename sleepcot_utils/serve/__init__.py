"""The student at work: an HTTP interface for reports, advice, follow-ups and knowledge, with safety rules around it."""
