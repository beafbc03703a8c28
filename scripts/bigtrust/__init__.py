"""Big Trust: privacy-safe warehouse views from raw retail data, built by dbt, proven before they are published."""

__version__ = "0.1.0"
