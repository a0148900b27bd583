"""How a log is asked: conditions bound to columns, needles, plans, compiled databases."""
