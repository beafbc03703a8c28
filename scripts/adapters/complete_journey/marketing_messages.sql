-- One message per household and campaign. When it was received is not known: the start of the campaign
-- stands for it. Types A, B and C say how the coupons were chosen, not by which channel they came.
with

    campaigns as (select * from source.campaigns),

    campaign_descriptions as (select * from source.campaign_descriptions)

select
    concat_ws('-', campaigns.campaign_id, campaigns.household_id) as message_id,
    campaigns.household_id as customer_id,
    campaigns.campaign_id,
    campaign_descriptions.start_date as sent_at
from campaigns
left join campaign_descriptions on campaigns.campaign_id = campaign_descriptions.campaign_id
order by campaigns.campaign_id, customer_id
