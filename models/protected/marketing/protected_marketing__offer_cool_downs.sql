{#- For which categories a person gets no offer for now, having bought what is of it: the category itself and those below it.
    When a cool-down ends is not said: it would tell the day of the purchase. One that has ended is gone with the next build. -#}
select distinct cool_downs.person_pseudonym, tree.category_id, audience_members.visible_until
from {{ ref("cool_downs") }} as cool_downs
inner join {{ ref("product_category_tree") }} as tree on cool_downs.category_id = tree.ancestor_id
inner join
    {{ ref("protected_marketing__audience_members") }} as audience_members
    on cool_downs.person_pseudonym = audience_members.person_pseudonym
where cool_downs.cool_until > {{ today() }}
