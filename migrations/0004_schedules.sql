-- +goose Up

-- Who is on, and when: schedules with their layers, what was changed for a while,
-- who asked whom to step in, who is away, and where nobody is.

alter table person
  add column works_from smallint check (works_from between 0 and 1439),
  add column works_until smallint check (works_until between 0 and 1439),
  add column works_days smallint not null default 31 check (works_days between 0 and 127),
  add column region text not null default '' check (region ~ '^([a-z]{2}(-[a-z0-9]{1,3})?)?$'),
  add column languages text not null default '' check (languages ~ '^([a-z]{2,3}( [a-z]{2,3}){0,15})?$'),
  add column version integer not null default 1 check (version >= 1),
  add check ((works_from is null) = (works_until is null));
comment on column person.works_from is 'minutes after local midnight; null: said nothing about work';
comment on column person.works_days is 'days of work, Monday being 1, Tuesday 2, Sunday 64';
comment on column person.region is 'whose public holidays are theirs, as in de or de-by';
comment on column person.languages is 'codes with spaces between them, as in "de en", in the order they like to speak them';
comment on column person.version is 'whoever changes the row must have seen this one';

alter table role
  add column minimum smallint not null default 1 check (minimum between 0 and 50),
  add column version integer not null default 1 check (version >= 1);
comment on column role.minimum is 'how many who can be rung should be on or awake at any time';

create table schedule (
  id         bigint generated always as identity primary key,
  name       text not null unique check (name ~ '^[a-z][a-z0-9-]{0,47}$'),
  title      text not null check (length(title) between 1 and 80),
  role       text references role on update cascade,
  zone       text not null check (length(zone) between 1 and 64),
  version    integer not null default 1 check (version >= 1),
  created_at timestamptz not null,
  checked_at timestamptz not null,
  retired_at timestamptz
);
create index schedule_role on schedule (role) where retired_at is null;
comment on column schedule.role is 'the role that whoever is on is asked for first; null serves none';
comment on column schedule.checked_at is 'until when stints are written';

-- Times of layers are on the clock on the wall of their zone; what instants they
-- mean is arithmetic (oncall/schedule), since a rule outlives the zone database.
create table schedule_layer (
  schedule_id bigint not null references schedule on delete cascade,
  place       smallint not null,
  name        text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  zone        text not null default '' check (length(zone) <= 64),
  starts      timestamp not null,
  ends        timestamp check (ends > starts),
  unit        text not null check (unit in ('hour', 'day', 'week', 'month')),
  turns       smallint[] not null check (cardinality(turns) between 1 and 64 and 0 < all (turns)),
  windows     jsonb not null default '[]',
  shadow      boolean not null default false,
  primary key (schedule_id, place),
  unique (schedule_id, name)
);
comment on column schedule_layer.turns is 'how many units each turn lasts; the list begins again when it is used up';
comment on column schedule_layer.windows is 'when the layer is on at all: [{"days": 0..127, "from": minutes, "until": minutes}]; [] is always';

create table schedule_member (
  schedule_id bigint not null,
  layer       smallint not null,
  place       smallint not null,
  person_id   bigint not null references person on delete cascade,
  primary key (schedule_id, layer, place),
  foreign key (schedule_id, layer) references schedule_layer on delete cascade
);
create index schedule_member_person on schedule_member (person_id);

-- Somebody asks to be replaced for a while, perhaps for something in return.
create table cover_request (
  id            bigint generated always as identity primary key,
  schedule_id   bigint not null references schedule on delete cascade,
  layer         text not null default '',
  person_id     bigint not null references person on delete cascade,
  starts_at     timestamptz not null,
  ends_at       timestamptz not null,
  asked_of      bigint references person on delete cascade,
  return_layer  text not null default '',
  return_starts timestamptz,
  return_ends   timestamptz,
  note          text not null default '' check (length(note) <= 300),
  state         text not null default 'open' check (state in ('open', 'accepted', 'declined', 'withdrawn', 'lapsed')),
  asked_at      timestamptz not null,
  decided_at    timestamptz,
  decided_by    bigint references person on delete set null,
  check (starts_at < ends_at),
  check (return_starts < return_ends),
  check ((return_starts is null) = (return_ends is null)),
  check (return_starts is null or asked_of is not null),
  check ((state = 'open') = (decided_at is null))
);
create index cover_request_open on cover_request (schedule_id) where state = 'open';
comment on column cover_request.asked_of is 'null asks anybody of the schedule or its role';
comment on column cover_request.return_starts is 'the shift of asked_of that the asker takes in return: then it is a swap';

create table shift_override (
  id          bigint generated always as identity primary key,
  schedule_id bigint not null references schedule on delete cascade,
  layer       text not null default '',
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,
  person_id   bigint references person on delete cascade,
  instead_of  bigint references person on delete cascade,
  cover_id    bigint references cover_request on delete set null,
  note        text not null default '' check (length(note) <= 300),
  created_by  bigint references person on delete set null,
  created_at  timestamptz not null,
  check (starts_at < ends_at),
  check (person_id is not null or instead_of is not null),
  check (person_id is distinct from instead_of),
  exclude using gist (
    int8range(schedule_id, schedule_id, '[]') with &&,
    int8range(person_id, person_id, '[]') with &&,
    tstzrange(starts_at, ends_at) with &&
  ) where (instead_of is null)
);
create index shift_override_time on shift_override using gist (tstzrange(starts_at, ends_at));
create index shift_override_schedule on shift_override (schedule_id, ends_at);
comment on table shift_override is 'person_id comes instead_of whoever; without instead_of in addition; without person_id nobody comes';
comment on column shift_override.layer is 'the layer that it is for; empty is all of them';

create table absence (
  id         bigint generated always as identity primary key,
  person_id  bigint not null references person on delete cascade,
  starts_at  timestamptz not null,
  ends_at    timestamptz not null,
  note       text not null default '' check (length(note) <= 200),
  source     text not null default '' check (length(source) <= 64),
  uid        text not null default '' check (length(uid) <= 300),
  created_at timestamptz not null,
  check (starts_at < ends_at)
);
create index absence_person on absence (person_id, ends_at);
create index absence_time on absence using gist (tstzrange(starts_at, ends_at));
create unique index absence_uid on absence (person_id, source, uid) where uid <> '';
comment on column absence.source is 'the calendar that it was read from; empty: said by hand';

create table holiday (
  region text not null check (region ~ '^[a-z]{2}(-[a-z0-9]{1,3})?$'),
  day    date not null,
  name   text not null check (length(name) between 1 and 120),
  primary key (region, day)
);

-- Who was on, as it happened: what a schedule says of the past changes with it.
create table stint (
  id          bigint generated always as identity primary key,
  schedule_id bigint not null references schedule on delete cascade,
  layer       text not null default '',
  person_id   bigint not null references person on delete cascade,
  starts_at   timestamptz not null,
  ends_at     timestamptz,
  shadow      boolean not null default false,
  check (starts_at < ends_at),
  exclude using gist (
    int8range(schedule_id, schedule_id, '[]') with &&,
    int8range(person_id, person_id, '[]') with &&,
    tstzrange(starts_at, ends_at) with &&
  )
);
create index stint_time on stint using gist (tstzrange(starts_at, ends_at));
create index stint_open on stint (schedule_id) where ends_at is null;
comment on column stint.ends_at is 'null: is still on';

-- Whom was said that their shift comes up, so that it is said once.
create table shift_notice (
  schedule_id bigint not null references schedule on delete cascade,
  layer       text not null default '',
  person_id   bigint not null references person on delete cascade,
  starts_at   timestamptz not null,
  said_at     timestamptz not null,
  primary key (schedule_id, layer, person_id, starts_at)
);

-- Times at which a role has too few people, once they were found.
create table coverage_gap (
  id          bigint generated always as identity primary key,
  role        text not null references role on update cascade,
  kind        text not null check (kind in ('awake', 'on')),
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,
  have        smallint not null check (have >= 0),
  want        smallint not null,
  why         text not null default '' check (length(why) <= 400),
  found_at    timestamptz not null,
  warned_at   timestamptz,
  reminded_at timestamptz,
  closed_at   timestamptz,
  check (starts_at < ends_at),
  check (have < want),
  -- Deferred, since gaps that merge or come apart pass each other's starts.
  exclude (role with =, kind with =, starts_at with =) where (closed_at is null) deferrable initially deferred
);
create index coverage_gap_reminded on coverage_gap (reminded_at) where reminded_at is not null;
comment on column coverage_gap.kind is 'awake: fewer than want are on or awake; on: nobody is on by any schedule of the role';
comment on column coverage_gap.have is 'how many there are when they are fewest';
comment on column coverage_gap.warned_at is 'when rooms and people were told; null: not yet';
comment on column coverage_gap.reminded_at is 'when they were told again, the day before';

-- The last look ahead, so that of several processes one looks.
create table coverage_check (
  id        smallint primary key check (id = 1),
  looked_at timestamptz not null,
  until     timestamptz not null,
  seen      text not null,
  empty_at  timestamptz
);
comment on column coverage_check.until is 'how far ahead it looked';
comment on column coverage_check.seen is 'what people and plans looked like then: another value, and it is time to look again';
comment on column coverage_check.empty_at is 'when it was last said that nobody can be rung at all';

create table coverage_letter (
  person_id bigint primary key references person on delete cascade,
  sent_at   timestamptz not null
);
comment on table coverage_letter is 'when somebody was last written to about gaps: once a day at most';

-- Who changed what, when, and from where. Nobody changes this.
create table audit_entry (
  id        bigint generated always as identity primary key,
  at        timestamptz not null,
  person_id bigint,
  handle    text not null default '',
  network   text not null default '',
  account   text not null default '',
  kind      text not null check (length(kind) between 1 and 32),
  subject   text not null check (length(subject) between 1 and 120),
  says      text not null check (length(says) between 1 and 600),
  before    jsonb,
  after     jsonb,
  concerns  bigint[] not null default '{}'
);
create index audit_entry_subject on audit_entry (kind, subject, id);
create index audit_entry_concerns on audit_entry using gin (concerns);
comment on column audit_entry.concerns is 'the people who may read it, beside admins';
create trigger audit_entry_append_only before update or delete or truncate on audit_entry
  for each statement execute function refuse_change();

grant select, insert on audit_entry to batsignal_app;
grant select, insert, update on schedule, cover_request, coverage_gap, coverage_check, coverage_letter to batsignal_app;
grant select, insert, update, delete on
  schedule_layer, schedule_member, shift_override, absence, holiday, shift_notice, stint to batsignal_app;
