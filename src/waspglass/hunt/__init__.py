"""Rules and indicators -> needles -> candidate lines -> exact evaluation -> hits."""
