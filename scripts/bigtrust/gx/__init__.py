"""Great Expectations over the publications: DuckDB files, read-only, results in counts and never in values."""
