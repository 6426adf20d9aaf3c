-- +goose Up

-- Every instant is a timestamptz given by the caller: nothing here reads the
-- clock, so that a test, a replay and a fast clock mean what they say.

-- People ---------------------------------------------------------------------

create table person (
  id         bigint generated always as identity primary key,
  handle     text not null unique check (handle ~ '^[a-z0-9][a-z0-9._-]{0,31}$'),
  name       text not null default '' check (length(name) <= 80),
  zone       text not null default 'UTC' check (length(zone) between 1 and 64),
  wakes      smallint not null default 420 check (wakes between 0 and 1439),
  sleeps     smallint not null default 1380 check (sleeps between 0 and 1439),
  created_at timestamptz not null,
  heard_at   timestamptz
);
comment on column person.wakes is 'minutes after local midnight';
comment on column person.sleeps is 'minutes after local midnight; before wakes means after midnight';
comment on column person.heard_at is 'last sign of life on any network';

create table account (
  network   text not null check (length(network) between 1 and 64),
  name      text not null check (length(name) between 1 and 128),
  person_id bigint not null references person on delete cascade,
  linked_at timestamptz not null,
  primary key (network, name)
);
create index account_person on account (person_id);
comment on column account.name is 'folded to lower case by the door that proved it';

create table link_code (
  hash       bytea primary key check (length(hash) = 32),
  person_id  bigint not null references person on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz
);

create table role (
  name          text primary key check (name ~ '^[a-z][a-z0-9-]{0,31}$'),
  title         text not null check (length(title) between 1 and 80),
  place         int not null,
  leads         boolean not null default false,
  patience_sev1 interval not null check (patience_sev1 > interval '0'),
  patience      interval not null check (patience > interval '0'),
  retired_at    timestamptz
);
comment on column role.leads is 'whoever fills this role first is given the baton if nobody holds it';

-- Membership is consent and approval; a person is paged only when both stand.
create table membership (
  role        text not null references role on update cascade,
  person_id   bigint not null references person on delete cascade,
  place       int not null,
  asked_by    bigint references person on delete set null,
  asked_at    timestamptz not null,
  agreed_at   timestamptz,
  approved_by bigint references person on delete set null,
  approved_at timestamptz,
  primary key (role, person_id)
);
create index membership_person on membership (person_id);

create table consent_entry (
  id        bigint generated always as identity primary key,
  at        timestamptz not null,
  person_id bigint not null,
  role      text not null,
  act       text not null check (act in ('asked', 'agreed', 'approved', 'left', 'removed')),
  by_person bigint,
  network   text not null default '',
  account   text not null default ''
);

-- Which ways exist is public; the address behind one is not. contact_address is
-- read and written by one package only (oncall/contact).
create table contact (
  id         bigint generated always as identity primary key,
  person_id  bigint not null references person on delete cascade,
  kind       text not null check (kind in ('mail', 'webhook')),
  place      int not null default 0,
  created_at timestamptz not null
);
create index contact_person on contact (person_id);

create table contact_address (
  contact_id bigint primary key references contact on delete cascade,
  address    text not null check (length(address) between 1 and 2048)
);

-- The incident -----------------------------------------------------------------

create table incident (
  id          bigint generated always as identity primary key,
  title       text not null check (length(title) between 1 and 300),
  slug        text not null check (slug ~ '^[a-z0-9-]{1,24}$'),
  severity    smallint not null check (severity between 1 and 4),
  status      text not null default 'open' check (status in ('open', 'resolved')),
  everyone    boolean not null default false,
  opened_by   bigint references person,
  opened_at   timestamptz not null,
  resolved_by bigint references person,
  resolved_at timestamptz,
  false_alarm boolean not null default false,
  check ((status = 'resolved') = (resolved_at is not null))
);
create index incident_open on incident (id) where status = 'open';

create table incident_room (
  incident_id bigint not null references incident on delete cascade,
  network     text not null,
  room        text not null check (length(room) between 1 and 80),
  primary key (incident_id, network)
);
create index incident_room_name on incident_room (network, room);

create table baton (
  id          bigint generated always as identity primary key,
  incident_id bigint not null references incident on delete cascade,
  holder      bigint not null references person,
  since       timestamptz not null,
  ended_at    timestamptz
);
create unique index baton_one_holder on baton (incident_id) where ended_at is null;

-- A move of the baton that waits for somebody: a pass (the next one must accept)
-- or a claim (the holder may keep it by being heard).
create table baton_move (
  id          bigint generated always as identity primary key,
  incident_id bigint not null references incident on delete cascade,
  kind        text not null check (kind in ('pass', 'claim')),
  from_person bigint not null references person,
  to_person   bigint not null references person,
  asked_at    timestamptz not null,
  due_at      timestamptz not null,
  state       text not null default 'open' check (state in ('open', 'done', 'lapsed', 'withdrawn')),
  decided_at  timestamptz,
  check (from_person <> to_person)
);
create unique index baton_move_one_open on baton_move (incident_id) where state = 'open';
create index baton_move_due on baton_move (due_at) where state = 'open';

create table responder (
  id          bigint generated always as identity primary key,
  incident_id bigint not null references incident on delete cascade,
  role        text not null references role on update cascade,
  person_id   bigint not null references person,
  since       timestamptz not null,
  left_at     timestamptz
);
create unique index responder_once on responder (incident_id, role, person_id) where left_at is null;

create table timeline_entry (
  id          bigint generated always as identity primary key,
  incident_id bigint not null references incident,
  at          timestamptz not null,
  kind        text not null check (kind in ('opened', 'signal', 'page', 'ack', 'decline', 'role', 'baton', 'exhausted',
                                            'severity', 'renamed', 'note', 'room', 'resolved', 'reopened')),
  person_id   bigint references person,
  network     text not null default '',
  room        text not null default '',
  account     text not null default '',
  text        text not null check (length(text) between 1 and 2000)
);
create index timeline_incident on timeline_entry (incident_id, id);

-- The bat-signal: a request waits for a second person; the list of uses is public
-- and cannot be edited.

create table signal_request (
  id          bigint generated always as identity primary key,
  code        text not null check (code ~ '^[A-Z2-9]{4}$'),
  what        text not null check (length(what) between 1 and 300),
  severity    smallint not null check (severity between 1 and 4),
  everyone    boolean not null default false,
  asked_by    bigint not null references person,
  network     text not null,
  room        text not null default '',
  account     text not null,
  asked_at    timestamptz not null,
  expires_at  timestamptz not null,
  state       text not null default 'waiting' check (state in ('waiting', 'confirmed', 'expired')),
  decided_by  bigint references person,
  decided_at  timestamptz,
  incident_id bigint references incident
);
create unique index signal_request_code on signal_request (code) where state = 'waiting';
create index signal_request_due on signal_request (expires_at) where state = 'waiting';

create table signal_use (
  id          bigint generated always as identity primary key,
  at          timestamptz not null,
  act         text not null check (act in ('asked', 'confirmed', 'refused', 'expired', 'false-alarm')),
  person_id   bigint references person,
  who         text not null,
  network     text not null default '',
  request_id  bigint references signal_request,
  incident_id bigint references incident,
  text        text not null check (length(text) <= 600)
);
create index signal_use_at on signal_use (at);
create index signal_use_person on signal_use (person_id, at);

-- Pages ------------------------------------------------------------------------

-- One slot of one cause that must be filled: a role of an incident, or one person
-- somebody asked for by name. The cause is opaque to paging ("incident:7").
create table escalation (
  id         bigint generated always as identity primary key,
  cause      text not null,
  slot       text not null,
  why        text not null check (length(why) between 1 and 600),
  severity   smallint not null check (severity between 1 and 4),
  everyone   boolean not null default false,
  patience   interval not null check (patience > interval '0'),
  round      int not null default 1 check (round >= 1),
  state      text not null default 'hunting' check (state in ('hunting', 'filled', 'stopped')),
  started_at timestamptz not null,
  due_at     timestamptz not null,
  ended_at   timestamptz,
  check ((state = 'hunting') = (ended_at is null))
);
create unique index escalation_one_hunt on escalation (cause, slot) where state = 'hunting';
create index escalation_due on escalation (due_at) where state = 'hunting';
create index escalation_cause on escalation (cause);

create table page (
  id            bigint generated always as identity primary key,
  escalation_id bigint not null references escalation on delete cascade,
  person_id     bigint not null references person,
  round         int not null,
  state         text not null default 'open' check (state in ('open', 'acked', 'declined', 'closed')),
  opened_at     timestamptz not null,
  rung_at       timestamptz not null,
  answered_at   timestamptz,
  answered_via  text not null default '',
  unique (escalation_id, person_id)
);
create index page_open on page (person_id) where state = 'open';
comment on column page.round is 'last round of the escalation in which this person was rung';

create table delivery (
  id           bigint generated always as identity primary key,
  page_id      bigint not null references page on delete cascade,
  ring         int not null,
  route        text not null,
  network      text not null default '',
  account      text not null default '',
  contact_id   bigint references contact on delete set null,
  state        text not null default 'queued' check (state in ('queued', 'leased', 'accepted', 'failed', 'cancelled')),
  tries        int not null default 0,
  due_at       timestamptz not null,
  leased_until timestamptz,
  leased_by    text not null default '',
  created_at   timestamptz not null,
  finished_at  timestamptz,
  check ((state = 'leased') = (leased_until is not null))
);
create index delivery_page on delivery (page_id);
create index delivery_due on delivery (due_at) where state = 'queued';
create index delivery_lease on delivery (leased_until) where state = 'leased';

create table attempt (
  id          bigint generated always as identity primary key,
  delivery_id bigint not null references delivery on delete cascade,
  n           int not null,
  key         text not null unique,
  started_at  timestamptz not null,
  finished_at timestamptz,
  outcome     text not null default 'open' check (outcome in ('open', 'accepted', 'temporary', 'permanent', 'unknown')),
  detail      text not null default '' check (length(detail) <= 400),
  unique (delivery_id, n)
);

create table ack_token (
  hash       bytea primary key check (length(hash) = 32),
  page_id    bigint not null references page on delete cascade,
  created_at timestamptz not null,
  used_at    timestamptz
);
create index ack_token_page on ack_token (page_id);

-- Announcements, and what a room needs done to it ------------------------------

create table notice (
  id          bigint generated always as identity primary key,
  network     text not null,
  kind        text not null check (kind in ('say', 'open', 'topic', 'invite')),
  room        text not null default '',
  account     text not null default '',
  text        text not null default '' check (length(text) <= 2000),
  incident_id bigint references incident,
  created_at  timestamptz not null,
  state       text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  tries       int not null default 0,
  done_at     timestamptz,
  detail      text not null default '' check (length(detail) <= 400)
);
create index notice_waiting on notice (network, id) where state = 'waiting';

-- What was asked of the bot, by whom. The words are not kept: they may hold an address.
create table command_call (
  id         bigint generated always as identity primary key,
  at         timestamptz not null,
  network    text not null,
  room       text not null default '',
  account    text not null default '',
  person_id  bigint references person on delete set null,
  verb       text not null,
  message_id text check (length(message_id) between 1 and 200),
  unique (network, message_id)
);
create index command_call_at on command_call (at);

-- Append-only tables refuse change from everybody who is not a superuser ----------

-- +goose StatementBegin
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
-- +goose StatementEnd

create trigger timeline_entry_append_only before update or delete or truncate on timeline_entry
  for each statement execute function refuse_change();
create trigger signal_use_append_only before update or delete or truncate on signal_use
  for each statement execute function refuse_change();
create trigger consent_entry_append_only before update or delete or truncate on consent_entry
  for each statement execute function refuse_change();

-- What the bot may do -----------------------------------------------------------

grant usage on schema public to batsignal_app;
grant select, insert on timeline_entry, signal_use, consent_entry to batsignal_app;
grant select, insert, update on
  person, role, incident, incident_room, baton, baton_move, responder, signal_request,
  escalation, page, delivery, attempt, ack_token, notice, command_call to batsignal_app;
grant select, insert, update, delete on
  account, link_code, membership, contact, contact_address to batsignal_app;
