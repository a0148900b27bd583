"""What was found: hits kept within bounds, correlations, findings."""
