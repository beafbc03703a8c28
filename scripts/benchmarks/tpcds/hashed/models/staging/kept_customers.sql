select *
from {{ ref("stg_customers") }}
where
    person_pseudonym not in (
        select stg_erasure_requests.person_pseudonym
        from {{ ref("stg_erasure_requests") }} as stg_erasure_requests
        inner join
            {{ ref("stg_customers") }} as erased
            on stg_erasure_requests.person_pseudonym = erased.person_pseudonym
        where
            stg_erasure_requests.scope = 'person'
            and (erased.created_at is null or erased.created_at <= stg_erasure_requests.requested_at)
    )
