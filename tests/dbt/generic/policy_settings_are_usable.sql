{% test policy_settings_are_usable(model) %}
    with

        -- whole numbers, with the least and the most that each may be
        numbers as (

            select *
            from
                (
                    values
                        ('k', 1, null),
                        ('interest_window_days', 0, 3650),
                        ('forget_offer_months', 12, 1200),
                        ('forget_promise_days', 1, 28),
                        ('marketing_age', 15, 30),
                        ('cool_down_percent', 0, 100),
                        ('contact_days', 1, 366),
                        ('contact_limit', 1, 100),
                        ('quiet_days', 0, 366),
                        ('export_days', 1, 366),
                        ('value_middle', 1, null),
                        ('value_high', 1, null)
                ) as numbers(setting, least, most)

        ),

        required as (

            select setting
            from numbers
            union all
            select *
            from (values ('time_zone'), ('policy_version')) as texts(setting)

        ),

        settings as (select setting, value, try_cast(value as integer) as number from {{ model }})

    select settings.setting
    from settings
    inner join numbers on settings.setting = numbers.setting
    where
        settings.number is null
        or settings.number < numbers.least
        or settings.number > coalesce(numbers.most, settings.number)

    union all

    select high.setting
    from settings as high
    inner join settings as middle on high.setting = 'value_high' and middle.setting = 'value_middle'
    where high.number <= middle.number

    union all

    select setting
    from settings
    where
        (setting = 'time_zone' and (value is null or value not in (select name from pg_timezone_names())))
        or (setting = 'policy_version' and nullif(trim(value), '') is null)

    union all

    select setting
    from required
    where setting not in (select settings.setting from settings where settings.setting is not null)
{% endtest %}
