"""Record readers: one file each; a reader parses one kind of file whole and yields its records."""
