{{
    config(
        meta={
            "code": "ROW-03",
            "exit_code": 3,
            "remedy": "A required landing table holds no row. Deliver it again.",
        }
    )
}}
select landing_table
from {{ ref("governance__landing_rows") }}
where landing_table in ('customers', 'purchases', 'purchase_lines', 'products') and landed = 0
