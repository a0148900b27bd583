"""Evidence is read: blocks, lines, events and files, in one or many processes."""
