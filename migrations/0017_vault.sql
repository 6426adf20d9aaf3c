-- +goose Up

-- Vaults and OpenBaos: whose shares open them, how shares are handed in, how long they were
-- sealed, and which secrets have to be made anew.

-- A run that needs shares has a key of its own for as long as it lives, and only in memory.
create table share_session (
  id         bigint generated always as identity primary key,
  run_id     bigint not null references job_run on delete cascade,
  attempt    int not null,
  purpose    text not null check (purpose in ('unseal', 'rekey', 'verify', 'root', 'drill')),
  vault      text not null check (length(vault) between 1 and 48),
  node       text not null default '' check (length(node) <= 48),
  recipient  text not null check (recipient ~ '^age1[a-z0-9]{20,200}$'),
  nonce      text not null default '' check (length(nonce) <= 100),
  progress   int not null default 0 check (progress >= 0),
  threshold  int not null default 0 check (threshold >= 0),
  state      text not null check (state in ('open', 'closed')),
  begun_at   timestamptz not null,
  ended_at   timestamptz,
  check ((ended_at is not null) = (state = 'closed'))
);
create index share_session_run on share_session (run_id, id);
create index share_session_open on share_session (vault) where state = 'open';
comment on table share_session is 'a run that waits for shares, and the public half of the key that they are sealed to';
comment on column share_session.nonce is 'what Vault calls this attempt: another one means that it began anew';

create table share_handed (
  id         bigint generated always as identity primary key,
  session_id bigint not null references share_session on delete cascade,
  person_id  bigint references person,
  handle     text not null check (length(handle) between 1 and 100),
  sealed     bytea not null check (length(sealed) between 1 and 16384),
  handed_at  timestamptz not null
);
create index share_handed_of on share_handed (session_id, id);
comment on table share_handed is 'a share that waits for its run to read it, which deletes the row';
comment on column share_handed.sealed is 'age ciphertext to the key of the session';

create table share_holder (
  id            bigint generated always as identity primary key,
  vault         text not null check (length(vault) between 1 and 48),
  number        int check (number between 0 and 255),
  person_id     bigint references person,
  handle        text not null check (length(handle) between 1 and 100),
  place         text not null default '' check (length(place) <= 100),
  commitment    text check (commitment ~ '^[0-9a-f]{64}$'),
  registered_at timestamptz not null,
  drilled_at    timestamptz,
  gone_at       timestamptz
);
create unique index share_holder_number on share_holder (vault, number) where gone_at is null and number is not null;
create index share_holder_person on share_holder (person_id) where person_id is not null;
comment on table share_holder is 'who keeps which share, and where';
comment on column share_holder.number is 'where the share''s points were taken, 1 to 255; 0 is a key that was never split; null is not known';
comment on column share_holder.commitment is 'a hash by which the share is known again, and which tells nothing of it';
comment on column share_holder.drilled_at is 'when it was last proven right by Vault';

-- What a ceremony made for somebody, encrypted by Vault itself to their own key.
create table share_parcel (
  id           bigint generated always as identity primary key,
  run_id       bigint references job_run on delete set null,
  purpose      text not null check (purpose in ('rekey', 'root')),
  vault        text not null,
  person_id    bigint references person,
  handle       text not null,
  fingerprint  text not null default '',
  sealed       text not null check (length(sealed) between 1 and 65536),
  state        text not null check (state in ('new', 'valid', 'void')),
  made_at      timestamptz not null
);
create index share_parcel_run on share_parcel (run_id);
comment on column share_parcel.sealed is 'OpenPGP ciphertext in base64, as Vault gave it out';
comment on column share_parcel.state is 'new shares open nothing before they are verified';

create table vault_node (
  vault     text not null check (length(vault) between 1 and 48),
  node      text not null check (length(node) between 1 and 48),
  state     text not null check (state in ('open', 'sealed', 'empty', 'unreachable')),
  since     timestamptz not null,
  asked_at  timestamptz not null,
  open_at   timestamptz,
  failed    int not null default 0,
  told      boolean not null default false,
  version   text not null default '',
  shares    int not null default 0,
  threshold int not null default 0,
  progress  int not null default 0,
  detail    text not null default '' check (length(detail) <= 200),
  primary key (vault, node)
);
comment on column vault_node.open_at is 'when it was last seen unsealed';
comment on column vault_node.failed is 'how often in a row it did not answer';
comment on column vault_node.told is 'that it does not answer was said';

create table vault_seal (
  id          bigint generated always as identity primary key,
  vault       text not null,
  node        text not null default '',
  sealed_at   timestamptz not null,
  noticed_at  timestamptz not null,
  unsealed_at timestamptz,
  called_at   timestamptz,
  check (unsealed_at >= sealed_at)
);
create unique index vault_seal_open on vault_seal (vault, node) where unsealed_at is null;
create index vault_seal_of on vault_seal (vault, node, sealed_at);
comment on table vault_seal is 'a time for which a node was sealed; node "" is the whole Vault: none of its nodes served';
comment on column vault_seal.sealed_at is 'when it was last seen unsealed, if somebody was watching; else when it was noticed';
comment on column vault_seal.called_at is 'when its holders were last called';

-- A secret that somebody said where it does not belong is burnt: it must be made anew.
create table rotation_task (
  id      bigint generated always as identity primary key,
  key     text not null unique check (length(key) between 1 and 200),
  what    text not null check (length(what) between 1 and 200),
  vault   text not null default '',
  number  int,
  said_by text not null check (length(said_by) between 1 and 200),
  said_in text not null default '' check (length(said_in) <= 200),
  at      timestamptz not null,
  done_at timestamptz,
  done_by text not null default '' check (length(done_by) <= 200),
  check ((done_at is not null) = (done_by <> ''))
);
create index rotation_task_open on rotation_task (at) where done_at is null;
comment on column rotation_task.key is 'what it was noticed by: the same message opens one task';

-- +goose StatementBegin
do $$
declare
  t text;
begin
  foreach t in array array['share_session', 'share_handed', 'share_holder', 'share_parcel', 'vault_node', 'vault_seal', 'rotation_task'] loop
    execute format('create trigger fence before insert or update or delete on %I for each statement
      when (current_setting(''batsignal.epoch'', true) <> '''') execute function fence()', t);
  end loop;
end $$;
-- +goose StatementEnd

grant select, insert, update on share_session, share_holder, share_parcel, vault_node, vault_seal, rotation_task to batsignal_app;
grant select, insert, delete on share_handed to batsignal_app;
grant delete on vault_node to batsignal_app;
