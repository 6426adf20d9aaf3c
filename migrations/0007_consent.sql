-- +goose Up

-- What people agreed to, in which words; who was invited; and a yes that is a year old.

-- The newest version of a person is in force. Like consent_entry it outlives the row of
-- the person and is never changed.
create table consent (
  person_id         bigint not null,
  version           int not null check (version >= 1),
  at                timestamptz not null,
  words             text not null default '' check (length(words) <= 500),
  routes            text[] not null default '{}' check (cardinality(routes) <= 16),
  quiet_from        smallint check (quiet_from between 0 and 1439),
  quiet_until       smallint check (quiet_until between 0 and 1439),
  quiet_sev1        boolean not null default false,
  calls_per_quarter smallint check (calls_per_quarter between 1 and 1000),
  network           text not null default '',
  account           text not null default '',
  primary key (person_id, version),
  check ((quiet_from is null) = (quiet_until is null)),
  check (quiet_from <> quiet_until)
);
comment on column consent.words is 'their own';
comment on column consent.routes is 'kinds of way by which they may be rung: chat, mail, webhook; empty is any';
comment on column consent.quiet_from is 'minutes after local midnight; null: no quiet hours';
comment on column consent.quiet_sev1 is 'severity 1 rings them in quiet hours too';
create trigger consent_append_only before update or delete or truncate on consent
  for each statement execute function refuse_change();

alter table consent_entry
  drop constraint consent_entry_act_check,
  add constraint consent_entry_act_check check
    (act in ('asked', 'agreed', 'approved', 'left', 'removed', 'invited', 'terms', 'renewed', 'lapsed'));

alter table membership
  add column confirmed_at timestamptz,
  add column lapsed_at timestamptz,
  add column renew_asks smallint not null default 0 check (renew_asks between 0 and 2),
  add column renew_asked_at timestamptz,
  add check (lapsed_at is null or agreed_at is not null);
comment on column membership.confirmed_at is 'the last yes after the first one';
comment on column membership.lapsed_at is 'the last yes was too old; null: it stands';
comment on column membership.renew_asks is 'how often they were asked to say yes again';

create table invitation (
  id         bigint generated always as identity primary key,
  hash       bytea not null unique check (length(hash) = 32),
  note       text not null default '' check (length(note) <= 300),
  created_by bigint references person on delete set null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz,
  used_by    bigint references person on delete set null,
  revoked_at timestamptz,
  check (created_at < expires_at),
  check (used_at is null or revoked_at is null)
);
comment on table invitation is 'somebody whom no account is known of yet may come onto the roster by a code';
create index invitation_open on invitation (expires_at) where used_at is null and revoked_at is null;

create table invitation_role (
  invitation_id bigint not null references invitation on delete cascade,
  role          text not null references role on update cascade,
  primary key (invitation_id, role)
);

-- Calls of a person in a quarter.
create index page_person_rung on page (person_id, rung_at);

grant select, insert on consent, invitation_role to batsignal_app;
grant select, insert, update on invitation to batsignal_app;
