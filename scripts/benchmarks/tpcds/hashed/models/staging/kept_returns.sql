select
    kept_lines.purchase_pseudonym,
    kept_lines.person_pseudonym,
    kept_lines.product_id,
    kept_lines.category_id,
    stg_returns.quantity,
    stg_returns.reason,
    stg_returns.returned_on,
    kept_lines.purchased_on
from {{ ref("stg_returns") }} as stg_returns
inner join
    {{ ref("kept_lines") }} as kept_lines
    on stg_returns.purchase_pseudonym = kept_lines.purchase_pseudonym
    and stg_returns.line_number = kept_lines.line_number
