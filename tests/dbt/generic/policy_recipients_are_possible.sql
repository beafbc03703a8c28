{#- What a recipient may get is a list of addresses, on a basis that carries its purpose, under a contract in force. Outside the
    European Economic Area, something must allow the transfer (GDPR, chapter V). -#}
{% test policy_recipients_are_possible(model) %}
    select recipient, purpose
    from {{ model }}
    where
        case
            purpose
            when 'marketing'
            then not starts_with(lower(legal_basis), 'consent')
            when 'partner_sharing'
            then not starts_with(lower(legal_basis), 'consent')
            when 'recall'
            then not starts_with(lower(legal_basis), 'legal obligation')
            else true
        end
        or not regexp_full_match(country, '[A-Z]{2}')
        or not regexp_full_match(recipient, '[a-z0-9-]{1,60}')
        or coalesce(try_cast(contract_on as date) > (now() at time zone 'utc')::date, true)
        or not list_has_all(
            [
                'first_name',
                'last_name',
                'email',
                'phone',
                'street',
                'postal_code',
                'city',
                'country',
                'language'
            ],
            string_split(columns, ' ')
        )
        or len(list_distinct(string_split(columns, ' '))) < len(string_split(columns, ' '))
        or not list_has_any(string_split(columns, ' '), ['email', 'phone', 'street'])
        or (
            transfer_basis is null
            and country not in (
                'AT',
                'BE',
                'BG',
                'CY',
                'CZ',
                'DE',
                'DK',
                'EE',
                'ES',
                'FI',
                'FR',
                'GR',
                'HR',
                'HU',
                'IE',
                'IS',
                'IT',
                'LI',
                'LT',
                'LU',
                'LV',
                'MT',
                'NL',
                'NO',
                'PL',
                'PT',
                'RO',
                'SE',
                'SI',
                'SK'
            )
        )
{% endtest %}
