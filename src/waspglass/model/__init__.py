"""What every capability speaks: frozen documents, their JSON schema, our errors, and how hostile strings are shown."""
