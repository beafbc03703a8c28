"""Big Trust as an Airflow DAG (Airflow 3): publish every night, write the public site, look whether all is well."""

from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

BIGTRUST = "/opt/big-trust/.venv/bin/bigtrust"
# Paths only. The secret is a file on the worker: never an Airflow variable, connection or template.
FOLDERS = {
    "BIGTRUST_LANDING": "/srv/landing",
    "BIGTRUST_WAREHOUSE": "/var/lib/bigtrust/warehouse",
    "BIGTRUST_PUBLISHED": "/var/lib/bigtrust/published",
    "BIGTRUST_REGISTER": "/var/lib/bigtrust/register",
    "BIGTRUST_SITE": "/var/lib/bigtrust/site",
    "BIGTRUST_LEDGER": "/var/lib/bigtrust/ledger",
    "BIGTRUST_SECRET_FILE": "/etc/bigtrust/pseudonymisation.key",
}

with DAG(
    dag_id="big_trust",
    schedule="15 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # a run reads the landing folder as it is now: there is no yesterday to repeat
    max_active_runs=1,
    # exit codes 1, 2 and 3 need a person: trying again changes nothing
    default_args={"retries": 0, "env": FOLDERS, "append_env": True},
):
    run = BashOperator(
        task_id="run",
        bash_command=f"{BIGTRUST} run",
        skip_on_exit_code=4,  # another run holds the lock
    )
    site = BashOperator(
        task_id="site",
        bash_command=f"{BIGTRUST} site",
        skip_on_exit_code=4,
        trigger_rule="all_done",  # the public site also says that a run was refused
    )
    status = BashOperator(
        task_id="status",
        bash_command=f"{BIGTRUST} status",
        trigger_rule="all_done",  # also after a run that failed or was skipped
    )
    run >> [site, status]
