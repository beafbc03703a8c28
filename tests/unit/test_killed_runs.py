"""Whoever kills a run, at any moment, leaves a ledger that verifies and agrees with what is published."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bigtrust.settings import PROJECT


@pytest.mark.slow
def test_at_no_moment_do_the_ledger_and_the_publications_disagree(tmp_path: Path) -> None:
    script = PROJECT / "tests" / "killed_runs.py"
    path = {"PYTHONPATH": f"{PROJECT / 'scripts'}:{PROJECT / 'tests'}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, env=path)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[0])
    assert found["problems"] == [], done.stderr[-2000:]
    # four pages, six publications, the record of the run, the states of requests, the till's two files, twice
    assert found["points"] >= 2 * (4 + 6 + 1 + 1 + 2)
