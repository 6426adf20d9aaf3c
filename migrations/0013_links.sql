-- +goose Up

-- What an answer by a link says about the way that brought the link; since when a route is
-- expected to show that it works; and answers that belonged to nothing are forgotten.

alter table ack_token add column delivery_id bigint references delivery on delete cascade;
create index ack_token_delivery on ack_token (delivery_id);
comment on column ack_token.delivery_id is 'which message brought the link; null: it is from before this was noted';

alter table route_health add column expected_at timestamptz;
comment on column route_health.expected_at is 'the first synthetic page by it: a route that never was proven is unproven a day later';
update route_health h set expected_at = (
  select min(p.created_at) from contact_proof p join contact c on c.id = p.contact_id where c.canary and c.kind = h.route
);

grant delete on provider_event to batsignal_app;

-- Which helplines were called for a hunt.
create index provider_event_help on provider_event (split_part(event, '-', 2)) where what = 'help wanted';
