-- +goose Up

-- What people are good at, which of that a role prefers, who looks after which
-- component, and who was asked when nobody knew.

create table label (
  name       text primary key check (name ~ '^[a-z][a-z0-9-]{0,31}$' and name not in ('owner', 'maintainer')),
  title      text not null check (length(title) between 1 and 80),
  self       boolean not null default false,
  created_at timestamptz
);
comment on column label.self is 'what people say of themselves counts without an admin';
comment on column label.created_at is 'null came with the program';

create table person_label (
  person_id    bigint not null references person on delete cascade,
  label        text not null references label on delete cascade,
  since        timestamptz not null,
  by_person    bigint references person on delete set null,
  confirmed_at timestamptz,
  confirmed_by text not null default '' check (length(confirmed_by) <= 200),
  primary key (person_id, label),
  check (confirmed_at is not null or confirmed_by = '')
);
create index person_label_label on person_label (label);
comment on column person_label.by_person is 'who said so first: the person themselves, or an admin; null is nobody we know any more';
comment on column person_label.confirmed_at is 'when an admin said so too; null: said by themselves alone';

-- Roles come from the configuration, which is read after the first migration, so
-- that a preference may be there before its role.
create table role_preference (
  role   text not null check (length(role) between 1 and 64),
  place  smallint not null check (place between 0 and 31),
  labels text[] not null check (cardinality(labels) between 1 and 8),
  primary key (role, place)
);
comment on table role_preference is 'which labels a role wants together, the best combination first; "owner" is whoever owns what the incident names';

insert into label (name, title) values
  ('security-expert', 'security expert'),
  ('provenpackager', 'proven packager');
insert into role_preference (role, place, labels) values
  ('package-fixing', 0, '{owner,security-expert}'),
  ('package-fixing', 1, '{owner}'),
  ('package-fixing', 2, '{security-expert,provenpackager}'),
  ('package-fixing', 3, '{provenpackager}');

create table component_source (
  name       text primary key check (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  place      text not null default '' check (length(place) <= 500),
  every      interval check (every >= '1 minute'),
  due_at     timestamptz,
  tried_at   timestamptz,
  loaded_at  timestamptz,
  trouble    text not null default '' check (length(trouble) <= 500),
  components integer not null default 0,
  owners     integer not null default 0,
  check (every is null or due_at is not null)
);
comment on table component_source is 'lists of owners that were imported, and those that are read again and again';
comment on column component_source.place is 'the file or address that it is read from; empty: whatever somebody imported by hand';
comment on column component_source.trouble is 'why it could not be read the last time; empty: it could';

create table component (
  id         bigint generated always as identity primary key,
  name       text not null unique check (name ~ '^[a-z0-9][a-z0-9.+_-]*$' and length(name) <= 128),
  source     text references component_source on delete set null,
  created_at timestamptz not null
);
create index component_source_of on component (source);
comment on column component.name is 'in small letters';
comment on column component.source is 'the import that brought it; null: by hand';

create table component_alias (
  name         text primary key check (name ~ '^[a-z0-9][a-z0-9.+_-]*$' and length(name) <= 128),
  component_id bigint not null references component on delete cascade
);
create index component_alias_of on component_alias (component_id);

create table component_owner (
  id           bigint generated always as identity primary key,
  component_id bigint not null references component on delete cascade,
  person_id    bigint references person on delete cascade,
  login        text not null default '' check (length(login) <= 128 and login = lower(login)),
  rank         text not null check (rank in ('owner', 'co-owner', 'knows')),
  source       text references component_source on delete cascade,
  since        timestamptz not null,
  by_name      text not null default '' check (length(by_name) <= 200),
  check ((person_id is null) <> (login = '')),
  check (source is null or login <> '')
);
create unique index component_owner_once on component_owner (component_id, login, coalesce(source, ''), coalesce(person_id, 0));
create index component_owner_of on component_owner (person_id) where person_id is not null;
create index component_owner_logins on component_owner (login) where login <> '';
create index component_owner_source on component_owner (source) where source is not null;
comment on column component_owner.login is 'what a list calls them: a person if that is their handle or one of their accounts, by whoever reads it';
comment on column component_owner.source is 'the import that says so; null: by hand';
create index account_name on account (name);

-- Whom a login means is found when it is read: people come, rename themselves and go,
-- and a list that was read once need not be read again for that.
create view component_owner_person as
  select o.id, o.component_id, coalesce(o.person_id, h.id, a.person_id) as person_id,
    o.login, o.rank, o.source, o.since, o.by_name
  from component_owner o
  left join person h on h.handle = o.login and o.person_id is null
  left join lateral (
    select min(account.person_id) as person_id from account
    where account.name = o.login and o.person_id is null and h.id is null
    having count(distinct account.person_id) = 1
  ) a on true;
comment on view component_owner_person is 'an account that means two people on two networks means nobody';

create table component_ask (
  id        bigint generated always as identity primary key,
  component text not null check (component ~ '^[a-z0-9][a-z0-9.+_-]*$' and length(component) <= 128),
  asked_at  timestamptz not null,
  person_id bigint references person on delete set null,
  asker     text not null check (length(asker) between 1 and 200),
  network   text not null default '',
  account   text not null default ''
);
create index component_ask_component on component_ask (component, asked_at);
create index component_ask_person on component_ask (person_id, asked_at);

create table component_answer (
  id          bigint generated always as identity primary key,
  component   text not null check (component ~ '^[a-z0-9][a-z0-9.+_-]*$' and length(component) <= 128),
  ask_id      bigint references component_ask on delete set null,
  person_id   bigint references person on delete cascade,
  login       text not null default '' check (length(login) <= 128),
  rank        text not null check (rank in ('owner', 'co-owner', 'knows')),
  by_person   bigint references person on delete set null,
  by_name     text not null check (length(by_name) between 1 and 200),
  network     text not null default '',
  account     text not null default '',
  answered_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by text not null default '',
  check ((person_id is null) <> (login = '')),
  check ((accepted_at is null) = (accepted_by = ''))
);
create unique index component_answer_person on component_answer (component, person_id, by_name) where person_id is not null;
create unique index component_answer_login on component_answer (component, login, by_name) where login <> '';
create index component_answer_by on component_answer (network, account, answered_at);
comment on table component_answer is 'who says who knows a component; accepted: an admin or an owner made it an entry of its own';

grant select, insert, update, delete on label, person_label, role_preference, component_source, component, component_alias, component_owner to batsignal_app;
grant select on component_owner_person to batsignal_app;
grant select, insert on component_ask to batsignal_app;
grant select, insert, update, delete on component_answer to batsignal_app;
