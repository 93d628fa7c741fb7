"""store/: facts (Parquet, read with DuckDB) and the ledger (SQL) that says which of them count.

Only this room imports duckdb, pyarrow and sqlalchemy, and only operations imports this room. What it
promises about crashes and about several processes at once stands at the top of `facts`. May import
events, logs and records.
"""
