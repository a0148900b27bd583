"""The JSON schemas that ship with waspglass, generated from the documents of the model."""
