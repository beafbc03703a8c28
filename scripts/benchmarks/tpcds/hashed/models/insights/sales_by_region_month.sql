select
    cast(date_trunc('month', kept_lines.purchased_on) as date) as sold_month,
    coalesce(kept_customers.region, 'unknown') as region,
    count(distinct kept_lines.purchase_pseudonym) as purchase_count,
    sum(kept_lines.net_amount) as net_amount
from {{ ref("kept_lines") }} as kept_lines
left join
    {{ ref("kept_customers") }} as kept_customers
    on kept_lines.person_pseudonym = kept_customers.person_pseudonym
where
    kept_lines.person_pseudonym is not null
    and date_trunc('month', kept_lines.purchased_on) + interval 60 month > date '{{ env_var("TPCDS_AS_OF") }}'
group by sold_month, coalesce(kept_customers.region, 'unknown')
having count(distinct kept_lines.person_pseudonym) >= 5
