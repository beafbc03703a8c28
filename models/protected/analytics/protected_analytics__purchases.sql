{#- Headers are computed from the lines that stay; a purchase without lines is gone. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('purchase', by='pseudonym', expires='visible_until') }}",
    )
}}

with purchase_lines as (select * from {{ ref("protected_analytics__purchase_lines") }})

select
    purchase_pseudonym,
    person_pseudonym,
    channel,
    purchased_on,
    count(*) as line_count,
    cast(sum(quantity) as decimal(38, 4)) as quantity,
    cast(sum(discount_amount) as decimal(38, 2)) as discount_amount,
    cast(sum(net_amount) as decimal(38, 2)) as net_amount,
    visible_until
from purchase_lines
where {{ in_scope("purchase", "purchase_pseudonym", by="pseudonym") }}
group by purchase_pseudonym, person_pseudonym, channel, purchased_on, visible_until
