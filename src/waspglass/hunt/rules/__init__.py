"""What is asked: rules and indicators as conditions, from Sigma, STIX, CSV and packs."""
