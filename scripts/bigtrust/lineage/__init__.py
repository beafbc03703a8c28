"""Where each landing column goes: lineage by column over dbt's compiled SQL, over classes instead of values."""

from bigtrust.lineage.check import judge
from bigtrust.lineage.page import write
from bigtrust.lineage.project import Finding, Lineage, analyse, is_compiled

__all__ = ["Finding", "Lineage", "analyse", "is_compiled", "judge", "write"]
