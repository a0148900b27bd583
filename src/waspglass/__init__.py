"""waspglass: a patch puts a lid on the glass; this finds the wasp inside."""
