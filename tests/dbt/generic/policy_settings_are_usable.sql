{% test policy_settings_are_usable(model) %}
    select setting
    from {{ model }}
    where
        case
            setting
            when 'k'
            then coalesce(try_cast(value as integer), 0) < 1
            when 'interest_window_days'
            then coalesce(try_cast(value as integer), -1) not between 0 and 3650
            when 'forget_offer_months'
            then coalesce(try_cast(value as integer), 0) not between 12 and 1200
            when 'forget_promise_days'
            then coalesce(try_cast(value as integer), 0) not between 1 and 28
            when 'marketing_age'
            then coalesce(try_cast(value as integer), 0) not between 15 and 30
            when 'cool_down_percent'
            then coalesce(try_cast(value as integer), -1) not between 0 and 100
            when 'contact_days'
            then coalesce(try_cast(value as integer), 0) not between 1 and 366
            when 'contact_limit'
            then coalesce(try_cast(value as integer), 0) not between 1 and 100
            when 'quiet_days'
            then coalesce(try_cast(value as integer), -1) not between 0 and 366
            when 'export_days'
            then coalesce(try_cast(value as integer), 0) not between 1 and 366
            when 'value_middle'
            then coalesce(try_cast(value as integer), 0) < 1
            when 'value_high'
            then
                coalesce(try_cast(value as integer), 0) <= (
                    select coalesce(max(try_cast(settings.value as integer)), 0)
                    from {{ model }} as settings
                    where settings.setting = 'value_middle'
                )
            when 'time_zone'
            then value is null or value not in (select name from pg_timezone_names())
            when 'policy_version'
            then nullif(trim(value), '') is null
        end

    union all

    select required.setting
    from
        (
            values
                ('k'),
                ('interest_window_days'),
                ('forget_offer_months'),
                ('forget_promise_days'),
                ('marketing_age'),
                ('cool_down_percent'),
                ('contact_days'),
                ('contact_limit'),
                ('quiet_days'),
                ('export_days'),
                ('value_middle'),
                ('value_high'),
                ('time_zone'),
                ('policy_version')
        ) as required(setting)
    where
        required.setting
        not in (select model.setting from {{ model }} as model where model.setting is not null)
{% endtest %}
