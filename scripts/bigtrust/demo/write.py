"""Writing: the demo as landing files, in the formats that a retailer's systems would use."""

from pathlib import Path

import duckdb

from bigtrust.demo.mess import deliver

FORMATS = {
    "customers": "parquet",
    "consents": "csv",
    "product_categories": "csv",
    "products": "csv",
    "purchases": "parquet",
    "purchase_lines": "parquet",
    "returns": "parquet",
    "web_events": "parquet",
    "support_tickets": "csv",
    "marketing_messages": "parquet",
    "erasure_requests": "parquet",
    "legal_holds": "parquet",
}
OPTIONS = {"csv": "format csv, header", "parquet": "format parquet, compression zstd"}


def write_table(connection: duckdb.DuckDBPyConnection, folder: Path, table: str) -> int:
    """Write a table as the file `<table>.<format>` or as a folder of deliveries; returns the rows written."""
    files = deliver(connection, table)
    extension = FORMATS[table]
    rows = 0
    for file in files:
        path = folder / f"{table}.{extension}" if file is None else folder / table / f"{file}.{extension}"
        path.parent.mkdir(parents=True, exist_ok=True)
        written = connection.execute(
            f"""
            copy (
                select * exclude (i, file, copy) from landed_{table}
                where file is not distinct from $file
                order by i, copy
            ) to '{str(path).replace("'", "''")}' ({OPTIONS[extension]})
            """,
            {"file": file},
        ).fetchone()
        rows += written[0] if written else 0
    return rows
