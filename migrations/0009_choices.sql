-- +goose Up

-- What somebody typed and was told about, and that is not done before they say yes to it.
create table pending_choice (
  hash       bytea primary key check (length(hash) = 32),
  person_id  bigint not null references person on delete cascade,
  network    text not null default '' check (length(network) <= 64),
  account    text not null default '' check (length(account) <= 200),
  line       text not null check (length(line) between 1 and 2000),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz,
  check (created_at < expires_at)
);
create index pending_choice_end on pending_choice (expires_at);
comment on column pending_choice.hash is 'of the code; only the person it was given to can use it';
comment on column pending_choice.line is 'the command with instants in place of words like tomorrow';
comment on column pending_choice.used_at is 'when it was done; null: not yet';

grant select, insert, update, delete on pending_choice to batsignal_app;
