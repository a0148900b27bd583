"""Opens what was collected from one host as a read-only tree of Windows paths and recognises the artefacts in it."""
