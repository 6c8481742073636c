"""What has to be said before any advice, and what must never be advised: rules over words and reports, no model."""
