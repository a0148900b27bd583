"""Evidence of one host and a campaign pack -> an assessment: coverage, rungs, verdict, advice."""
