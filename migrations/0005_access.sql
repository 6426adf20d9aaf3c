-- +goose Up

-- Who is signed in on the web, and what programs may do for somebody. Of every token
-- only a hash is stored: whoever reads this database can use none of them.

create table web_session (
  id         bigint generated always as identity primary key,
  hash       bytea not null unique check (length(hash) = 32),
  person_id  bigint not null references person on delete cascade,
  method     text not null check (method in ('link', 'oidc', 'passkey')),
  browser    text not null default '' check (length(browser) <= 80),
  created_at timestamptz not null,
  seen_at    timestamptz not null,
  expires_at timestamptz not null,
  check (created_at <= seen_at and created_at < expires_at)
);
create index web_session_person on web_session (person_id);
create index web_session_end on web_session (expires_at);
comment on column web_session.method is 'how the person signed in';
comment on column web_session.seen_at is 'the last request, to the minute';

-- A link that signs somebody in once.
create table login_link (
  hash       bytea primary key check (length(hash) = 32),
  person_id  bigint not null references person on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index login_link_person on login_link (person_id, created_at);

-- What is under way between the first and the last request of a sign-in.
create table sign_in_attempt (
  hash       bytea primary key check (length(hash) = 32),
  kind       text not null check (kind in ('oidc', 'passkey', 'new passkey')),
  person_id  bigint references person on delete cascade,
  data       jsonb not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index sign_in_attempt_end on sign_in_attempt (expires_at);
comment on column sign_in_attempt.person_id is 'who adds a way to sign in; null: who signs in is not known yet';

create table passkey (
  id            bigint generated always as identity primary key,
  person_id     bigint not null references person on delete cascade,
  credential_id bytea not null unique check (length(credential_id) between 1 and 1023),
  credential    jsonb not null,
  name          text not null check (length(name) between 1 and 60),
  created_at    timestamptz not null,
  used_at       timestamptz
);
create index passkey_person on passkey (person_id);
comment on column passkey.credential is 'whole, as the library made it: its flags and counter are checked at each sign-in';

create table api_token (
  id         bigint generated always as identity primary key,
  hash       bytea not null unique check (length(hash) = 32),
  person_id  bigint not null references person on delete cascade,
  name       text not null check (length(name) between 1 and 60),
  scopes     text[] not null check (cardinality(scopes) between 1 and 12),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz,
  revoked_at timestamptz,
  check (created_at < expires_at and expires_at <= created_at + interval '366 days')
);
create index api_token_person on api_token (person_id);

-- The secret in the address of a calendar that programs read.
create table feed_token (
  id          bigint generated always as identity primary key,
  hash        bytea not null unique check (length(hash) = 32),
  person_id   bigint not null references person on delete cascade,
  of_person   bigint references person on delete cascade,
  of_role     text references role on update cascade,
  of_schedule bigint references schedule on delete cascade,
  created_at  timestamptz not null,
  used_at     timestamptz,
  revoked_at  timestamptz,
  check (num_nonnulls(of_person, of_role, of_schedule) = 1)
);
create index feed_token_person on feed_token (person_id);
comment on column feed_token.person_id is 'who made it, and may revoke it';

grant select, insert, update, delete on
  web_session, login_link, sign_in_attempt, passkey, api_token, feed_token to batsignal_app;
