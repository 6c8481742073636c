"""Reports: a window of nights summarized into facts, and the text that people, teachers and students read."""
