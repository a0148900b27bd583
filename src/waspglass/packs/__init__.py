"""Campaign packs: all that is particular to one mass exploitation, as data with a schema, sources and a validator."""
