-- +goose Up

-- Sealed addresses. The bot stores what it cannot open: the key of each record is in two
-- halves, and the other half opens only in the switchboard, a process with a login of its
-- own (a member of batsignal_switchboard). docs/escrow.md says what is promised.

-- The public keys to seal to, as the custodians signed them, one row for each change of them.
create table keyring (
  epoch      int primary key check (epoch >= 1),
  manifest   text not null check (length(manifest) between 1 and 65536),
  state      text not null check (state in ('pending', 'current', 'past')),
  made_at    timestamptz not null,
  current_at timestamptz,
  check ((state = 'pending') = (current_at is null))
);
create unique index keyring_one on keyring (state) where state <> 'past';
comment on column keyring.state is 'pending: wraps for it are being made; current: it is sealed to and opened with';

alter table contact add column sealed boolean not null default false;
comment on column contact.sealed is 'its address is in sealed_contact, not in contact_address, and is opened only in a confirmed emergency';
alter table contact add unique (id, person_id);

create table sealed_contact (
  record_id          uuid primary key,
  contact_id         bigint not null unique,
  owner_id           bigint not null,
  kind               text not null check (kind in ('mail', 'webhook', 'sms', 'voice', 'ntfy', 'pagerduty')),
  policy             text not null check (length(policy) between 2 and 500),
  content_epoch      int not null references keyring,
  epoch              int not null references keyring,
  nonce              bytea not null check (octet_length(nonce) = 24),
  content            bytea not null check (octet_length(content) = 272),
  commitment         bytea not null check (octet_length(commitment) = 32),
  commit_bot         bytea not null check (octet_length(commit_bot) = 32),
  commit_switchboard bytea not null check (octet_length(commit_switchboard) = 32),
  sealed_at          timestamptz not null,
  foreign key (contact_id, owner_id) references contact (id, person_id) on delete cascade
);
create index sealed_contact_owner on sealed_contact (owner_id);
create index sealed_contact_epoch on sealed_contact (epoch);
comment on table sealed_contact is 'ciphertexts of one length: neither the address nor how long it is can be seen here';
comment on column sealed_contact.policy is 'what the owner agreed to. Its hash is bound to the ciphertext: changed, nothing opens';
comment on column sealed_contact.content_epoch is 'the keyring of when it was sealed; bound to the ciphertext';
comment on column sealed_contact.epoch is 'the keyring whose wraps open it now';

create table sealed_wrap (
  record_id uuid not null references sealed_contact on delete cascade,
  epoch     int not null references keyring,
  slot      text not null check (slot in ('bot', 'switchboard', 'custody-bot', 'custody-switchboard')),
  wrapped   bytea not null check (octet_length(wrapped) = 1168),
  primary key (record_id, epoch, slot)
);
comment on table sealed_wrap is 'one half of a record''s key, sealed to whoever holds that half, and to the custodians';

-- Which record was deleted: the switchboard keeps a journal of them off the database, so
-- that a restored backup does not bring anybody back.
create table sealed_gone (
  record_id uuid primary key,
  at        timestamptz not null
);
-- It runs with the owner's rights, so no name in it may be found where a login can make
-- tables: those of a session come first unless they are named last.
-- +goose StatementBegin
create function sealed_gone() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into public.sealed_gone (record_id, at) values (old.record_id, clock_timestamp()) on conflict do nothing;
  perform pg_notify('batsignal_sealed_gone', '');
  return null;
end
$$;
-- +goose StatementEnd
create trigger gone after delete on sealed_contact for each row execute function sealed_gone();

-- The switchboard deletes what its owner or the journal of deletions deletes there, and
-- cannot take open ways from people: these ring without it.
-- +goose StatementBegin
create function only_sealed() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if pg_has_role(current_user, 'batsignal_switchboard', 'usage') and not pg_has_role(current_user, 'batsignal_app', 'usage') then
    raise exception 'the switchboard deletes sealed contacts only' using errcode = '42501';
  end if;
  return old;
end
$$;
-- +goose StatementEnd
create trigger only_sealed before delete on contact for each row when (not old.sealed) execute function only_sealed();

-- A keyed hash of each address, whose key only the switchboard has: it finds the same
-- number given by two people.
create table sealed_index (
  record_id uuid primary key references sealed_contact on delete cascade,
  mac       bytea not null check (octet_length(mac) = 32)
);
create index sealed_index_mac on sealed_index (mac);

-- The ledger: an append-only Merkle tree of what was done with sealed addresses.
create table ledger_leaf (
  seq  bigint primary key check (seq >= 0),
  body text not null check (length(body) between 2 and 2000),
  hash bytea not null check (octet_length(hash) = 32),
  at   timestamptz not null
);
create index ledger_leaf_record on ledger_leaf (substring(body from '"rec":"([^"]*)"'), seq);
create table ledger_hash (
  place bigint primary key check (place >= 0),
  hash  bytea not null check (octet_length(hash) = 32)
);
comment on column ledger_hash.place is 'as golang.org/x/mod/sumdb/tlog counts stored hashes';
create table ledger_head (
  size      bigint primary key check (size >= 1),
  note      text not null check (length(note) between 1 and 2000),
  signed_at timestamptz not null
);
comment on column ledger_head.note is 'a signed note: origin, size, root hash, signature of the switchboard';
create table ledger_anchor (
  size    bigint not null references ledger_head,
  network text not null check (length(network) between 1 and 64),
  room    text not null check (length(room) between 1 and 200),
  seen_at timestamptz not null,
  primary key (size, network, room)
);
comment on table ledger_anchor is 'in which room a head was seen: everybody who keeps a log of that room is a witness';

-- After the trigger fence, whose name is earlier in the alphabet.
-- +goose StatementBegin
create function append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'BS002';
end
$$;
do $$
declare
  t text;
begin
  foreach t in array array['ledger_leaf', 'ledger_hash', 'ledger_head', 'ledger_anchor'] loop
    execute format('create trigger only_append before update or delete or truncate on %I for each statement execute function append_only()', t);
  end loop;
end $$;
-- +goose StatementEnd

-- What was opened, as the switchboard wrote it in the same transaction as the leaf.
create table sealed_opening (
  intent      bigint primary key references ledger_leaf,
  key         text not null check (length(key) between 1 and 80),
  record_id   uuid not null,
  owner_id    bigint not null references person on delete cascade,
  kind        text not null,
  lane        text not null check (lane in ('B', 'D', 'F')),
  incident_id bigint references incident on delete set null,
  role        text not null default '' check (length(role) <= 64),
  grant_code  text not null default '' check (length(grant_code) <= 16),
  opened_at   timestamptz not null,
  dialled     bigint references ledger_leaf,
  dialled_at  timestamptz,
  result      text not null default '' check (length(result) <= 400),
  ref         text not null default '' check (length(ref) <= 200),
  unique (key)
);
create index sealed_opening_owner on sealed_opening (owner_id, opened_at);
create index sealed_opening_record on sealed_opening (record_id, opened_at);
create index sealed_opening_role on sealed_opening (incident_id, role, opened_at);
comment on column sealed_opening.key is 'of the message that it was opened for, with the number of the opening: the same one never opens twice';

-- Whom to tell of an opening, queued with it; the bot tells them.
create table owner_notice (
  leaf      bigint not null references ledger_leaf,
  person_id bigint not null references person on delete cascade,
  made_at   timestamptz not null,
  told_at   timestamptz,
  primary key (leaf, person_id)
);
create index owner_notice_waits on owner_notice (leaf) where told_at is null;

-- Halves that the bot gave out: to be compared with what was opened.
create table sealed_release (
  id        bigint generated always as identity primary key,
  record_id uuid not null,
  key       text not null check (length(key) between 1 and 80),
  lane      text not null check (lane in ('B', 'D', 'F')),
  at        timestamptz not null
);
create index sealed_release_record on sealed_release (record_id, at);

-- Links by which somebody comes to the switchboard's own pages: who they are, the bot says.
create table sealed_link (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  person_id  bigint not null references person on delete cascade,
  purpose    text not null check (purpose in ('enrol', 'mine')),
  made_at    timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz,
  check (made_at < expires_at)
);
create index sealed_link_expires on sealed_link (expires_at);

-- Which routes the switchboard has, as it found them when it started.
create table switchboard_route (
  name   text primary key check (length(name) between 1 and 64),
  traits jsonb not null,
  at     timestamptz not null
);

-- Custodians who showed that their share is there and works.
create table custody_drill (
  epoch     int not null references keyring,
  custodian int not null check (custodian between 1 and 255),
  day       date not null,
  signature text not null check (length(signature) between 1 and 200),
  at        timestamptz not null,
  primary key (epoch, custodian, day)
);

-- What the bot asked the switchboard for: it takes no grant for anything else.
create table unseal_ask (
  id          bigint generated always as identity primary key,
  code        text not null check (length(code) between 1 and 16),
  incident_id bigint references incident on delete cascade,
  asked_by    bigint references person on delete set null,
  asked_at    timestamptz not null
);
create index unseal_ask_code on unseal_ask (code, asked_at);
comment on column unseal_ask.incident_id is 'the incident that goes on; null: it begins with the confirmation of the signal of that code';

alter table incident
  add column unseal_code text not null default '' check (length(unseal_code) <= 16),
  add column unsealed_at timestamptz,
  add column unsealed_until timestamptz,
  add column unsealed_by text not null default '' check (length(unsealed_by) <= 200),
  add check ((unsealed_at is null) = (unsealed_until is null));
comment on column incident.unseal_code is 'the switchboard''s challenge for this incident; "" is none';
comment on column incident.unsealed_until is 'until when the switchboard opens sealed addresses for it, as it told us; it does not take our word';

-- +goose StatementBegin
do $$
declare
  t text;
begin
  foreach t in array array['keyring', 'sealed_contact', 'sealed_wrap', 'sealed_gone', 'sealed_index', 'ledger_leaf', 'ledger_hash', 'ledger_head',
    'ledger_anchor', 'sealed_opening', 'owner_notice', 'sealed_release', 'sealed_link', 'switchboard_route', 'custody_drill', 'unseal_ask'] loop
    execute format('create trigger fence before insert or update or delete on %I for each statement
      when (current_setting(''batsignal.epoch'', true) <> '''') execute function fence()', t);
  end loop;
end $$;
-- +goose StatementEnd

grant select, insert, update on keyring to batsignal_app, batsignal_switchboard;
grant select, insert, delete on sealed_contact, sealed_wrap to batsignal_app;
grant update (epoch) on sealed_contact to batsignal_app, batsignal_switchboard;
grant select, insert, delete on sealed_wrap to batsignal_switchboard;
grant select, delete on sealed_contact to batsignal_switchboard;
grant select on sealed_gone to batsignal_app, batsignal_switchboard;
grant select, insert, update, delete on sealed_index to batsignal_switchboard;
grant select on ledger_leaf, ledger_hash, ledger_head, ledger_anchor, sealed_opening to batsignal_app;
grant select, insert on ledger_leaf, ledger_hash, ledger_head, ledger_anchor to batsignal_switchboard;
grant select, insert on sealed_opening to batsignal_switchboard;
grant update (dialled, dialled_at, result, ref) on sealed_opening to batsignal_switchboard;
grant select on owner_notice to batsignal_app;
grant update (told_at) on owner_notice to batsignal_app;
grant select, insert on owner_notice to batsignal_switchboard;
grant select, insert on sealed_release to batsignal_app;
grant select on sealed_release to batsignal_switchboard;
grant select, insert, delete on sealed_link to batsignal_app;
grant select on sealed_link to batsignal_switchboard;
grant update (used_at) on sealed_link to batsignal_switchboard;
grant select on switchboard_route to batsignal_app;
grant select, insert, update, delete on switchboard_route to batsignal_switchboard;
grant select, insert on custody_drill, unseal_ask to batsignal_app;
grant select on custody_drill to batsignal_switchboard;
-- What the switchboard reads of the rest: whom a call is for, and whether it is still needed.
grant usage on schema public to batsignal_switchboard;
grant select on person, contact, contact_proof, membership, role, incident, escalation, page, delivery, provider_event to batsignal_switchboard;
grant delete on contact to batsignal_switchboard;
