-- +goose Up

-- Phones, pushes and paging services: ways that must be proven before they are used, that
-- have delays of their own, and whose providers tell later what became of a page.

alter table contact
  drop constraint contact_kind_check,
  add constraint contact_kind_check check (kind in ('mail', 'webhook', 'sms', 'voice', 'ntfy', 'pagerduty')),
  add column delay interval check (delay between interval '0' and interval '1 hour'),
  add column proven_at timestamptz,
  add column tested_at timestamptz,
  add column suspended_at timestamptz,
  add column fault text not null default '' check (length(fault) <= 200),
  add column fault_at timestamptz,
  add check ((fault = '') = (fault_at is null)),
  alter column person_id drop not null,
  add column canary boolean not null default false,
  add check (canary = (person_id is null));
create unique index contact_canary on contact (kind) where canary;
comment on column contact.canary is 'an address of the operator''s, to which a synthetic page goes each day: it has no owner';
comment on column contact.delay is 'how long after the ring this way is used; null: as its route says';
comment on column contact.proven_at is 'when its owner showed that they hear it; null: it is never paged';
comment on column contact.tested_at is 'when its owner last answered on it';
comment on column contact.suspended_at is 'its owner told the provider to stop; null: in use';
comment on column contact.fault is 'why the provider says that it cannot work: "the number does not exist"';
-- Addresses from before there were proofs were in use, and stay so.
update contact set proven_at = created_at;

-- A code on its way to an address, to be said back by whoever reads or hears it.
create table contact_proof (
  id         bigint generated always as identity primary key,
  contact_id bigint not null references contact on delete cascade,
  purpose    text not null check (purpose in ('proof', 'test', 'canary')),
  code       text not null check (code ~ '^[A-Z2-9]{5}$'),
  digits     smallint not null check (digits between 0 and 26999),
  asked_by   bigint references person on delete set null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  state      text not null default 'waiting' check (state in ('waiting', 'sent', 'delivered', 'failed', 'done')),
  ref        text not null default '' check (length(ref) <= 200),
  detail     text not null default '' check (length(detail) <= 400),
  done_at    timestamptz,
  check (created_at < expires_at),
  check ((state = 'done') = (done_at is not null))
);
create index contact_proof_contact on contact_proof (contact_id, created_at);
create index contact_proof_code on contact_proof (code) where done_at is null;
comment on column contact_proof.digits is 'the three numbers to key on a phone, as oncall/paging reads them';

-- Every page has a code to answer by in writing, and numbers to key. They come from the
-- database's own source of randomness, so that a ring stays one statement.
-- +goose StatementBegin
create function page_code() returns text language sql volatile as $$
  select string_agg(substr('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 1 + get_byte(bytes, i) % 32, 1), '')
  from (select sha256(uuid_send(gen_random_uuid())) as bytes) random, generate_series(0, 4) i
$$;
create function page_digits() returns smallint language sql volatile as $$
  select ((get_byte(bytes, 0) * 65536 + get_byte(bytes, 1) * 256 + get_byte(bytes, 2)) % 27000)::smallint
  from (select sha256(uuid_send(gen_random_uuid())) as bytes) random
$$;
-- +goose StatementEnd

alter table page
  add column code text not null default page_code() check (code ~ '^[A-Z2-9]{5}$'),
  add column digits smallint not null default page_digits() check (digits between 0 and 26999),
  add column helper boolean not null default false;
create index page_code_open on page (code) where state = 'open';
comment on column page.digits is 'the three numbers to key on a phone, as oncall/paging reads them';
comment on column page.helper is 'rung as an admin, not for the role: the role stays open when they answer';

alter table escalation
  add column needs smallint not null default 1 check (needs between 1 and 50);
comment on column escalation.needs is 'how many must answer before the slot is filled';
alter table escalation_policy
  add column needs smallint not null default 1 check (needs between 1 and 50);

alter table delivery
  drop constraint delivery_state_check,
  drop constraint delivery_check,
  add constraint delivery_state_check check (state in
    ('queued', 'leased', 'submitted', 'accepted', 'delivered', 'acked', 'failed', 'expired', 'cancelled')),
  add constraint delivery_lease_check check ((state in ('leased', 'submitted')) = (leased_until is not null)),
  add column waits interval not null default interval '0',
  add column ask boolean not null default false,
  add column ref text not null default '' check (length(ref) <= 200),
  add column news_seq int not null default 0,
  add column news_at timestamptz,
  add column ended boolean not null default false;
drop index delivery_due;
create index delivery_due on delivery (route, due_at) where state = 'queued';
create index delivery_contact on delivery (contact_id, created_at) where contact_id is not null;
drop index delivery_lease;
create index delivery_lease on delivery (leased_until) where state in ('leased', 'submitted');
create index delivery_news on delivery (finished_at) where state = 'accepted';
create index delivery_ref on delivery (ref) where ref <> '';
comment on column delivery.waits is 'its own delay: a due_at that is further ahead than this was written by a clock that was wrong';
comment on column delivery.ask is 'its sender died after it began: the provider is asked before it is sent again';
comment on column delivery.ref is 'what the provider calls it';
comment on column delivery.news_seq is 'the highest number among the news of the provider so far';
comment on column delivery.ended is 'the provider was told that the page is over';

-- What providers told us and people answered on their ways: each once.
create table provider_event (
  id          bigint generated always as identity primary key,
  route       text not null check (length(route) between 1 and 64),
  event       text not null check (length(event) between 1 and 200),
  at          timestamptz not null,
  delivery_id bigint references delivery on delete cascade,
  proof_id    bigint references contact_proof on delete cascade,
  what        text not null check (length(what) between 1 and 40),
  effect      text not null default '' check (length(effect) <= 200),
  unique (route, event)
);
create index provider_event_delivery on provider_event (delivery_id);
create index provider_event_at on provider_event (at);
comment on column provider_event.what is 'delivered, failed, reply, stop ...; the words themselves are not kept: they may hold a number';
comment on column provider_event.effect is 'what it did, in a few words; "" is nothing';

-- How each route fares, for everybody to see.
create table route_health (
  route     text primary key check (length(route) between 1 and 64),
  proven_at timestamptz,
  tried_at  timestamptz,
  failed_at timestamptz,
  failures  int not null default 0 check (failures >= 0),
  down_until timestamptz,
  detail    text not null default '' check (length(detail) <= 400),
  told_at   timestamptz
);
comment on column route_health.proven_at is 'when somebody, or the daily synthetic page, last showed that a page arrives by it';
comment on column route_health.failures is 'tries in a row that failed on the side of the provider';
comment on column route_health.down_until is 'not used before, unless it is asked whether it works again';
comment on column route_health.told_at is 'when admins were told that it is unproven';

-- The coverage board of an incident in its rooms, and who acknowledged and was not heard since.
alter table incident add column board_at timestamptz, add column board_due timestamptz, add column board text not null default '' check (length(board) <= 2000);
create index incident_board on incident (board_due) where board_due is not null;
comment on column incident.board_due is 'when the board is said next, because it has changed; null: it has not';
comment on column incident.board is 'the board as it was last said in rooms without a live summary, without how long anything lasted';
alter table responder add column check_at timestamptz, add column checks smallint not null default 0 check (checks between 0 and 1);
create index responder_check on responder (check_at) where check_at is not null and left_at is null;
comment on column responder.check_at is 'when whoever acknowledged must have been heard, else they are rung again; null: they were, or it is not asked';

-- What the bot found of itself, each minute: the writing is the first thing that is tried.
create table self_check (
  name   text primary key check (length(name) between 1 and 80),
  at     timestamptz not null,
  ok     boolean not null,
  since  timestamptz not null,
  detail text not null default '' check (length(detail) <= 400)
);
comment on column self_check.since is 'since when it is as it is';
grant select, insert, update, delete on self_check to batsignal_app;

grant select, insert, update, delete on contact_proof to batsignal_app;
grant select, insert, update on route_health to batsignal_app;
grant select, insert on provider_event to batsignal_app;
