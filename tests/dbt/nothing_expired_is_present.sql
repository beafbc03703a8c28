{{
    config(
        meta={
            "code": "RET-03",
            "exit_code": 1,
            "remedy": "A row has expired and is still in a candidate. governance.marts.retention_status says in which relation: its protected model does not drop the rows whose window has ended.",
        }
    )
}}
select publication, relation
from {{ ref("governance__retention_status") }}
where expired_but_present > 0
