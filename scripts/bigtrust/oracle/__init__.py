"""The oracle of "as if it never happened": what a person's request takes along, decided in plain Python.

It is written from design.md (sections 4 to 6) and the decision records. It shares no code with the models, and imports
nothing but Python's standard library: a mistake in the models is not repeated here.
"""

from bigtrust.oracle.footprint import Footprint, ForgottenLine, Policy, Staging, footprint
from bigtrust.oracle.reading import Landing, Position, Row

__all__ = ["Footprint", "ForgottenLine", "Landing", "Policy", "Position", "Row", "Staging", "footprint"]
