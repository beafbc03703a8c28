select
    cast(date_trunc('month', kept_lines.purchased_on) as date) as sold_month,
    kept_lines.category_id,
    product_categories.name as category_name,
    count(distinct kept_lines.purchase_pseudonym) as purchase_count,
    sum(kept_lines.quantity) as quantity,
    sum(kept_lines.net_amount) as net_amount
from {{ ref("kept_lines") }} as kept_lines
left join
    {{ source("landing", "product_categories") }} as product_categories
    on kept_lines.category_id = product_categories.category_id
where date_trunc('month', kept_lines.purchased_on) + interval 60 month > date '{{ env_var("TPCDS_AS_OF") }}'
group by sold_month, kept_lines.category_id, category_name
having count(distinct kept_lines.person_pseudonym) >= 5
