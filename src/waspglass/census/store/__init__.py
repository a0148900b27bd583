"""The store: Parquet files by date and source, and the manifest that says which of them count."""
