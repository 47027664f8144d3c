"""The page of one generation: its result, parameters, timeline, and help after a failure."""
