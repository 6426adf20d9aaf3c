-- +goose Up

-- Escalation policies: who is rung after whom, as data.

create table escalation_policy (
  name       text primary key check (name ~ '^[a-z][a-z0-9-]{0,47}$'),
  title      text not null check (length(title) between 1 and 80),
  repeats    smallint not null default 0 check (repeats between 0 and 100),
  steps      jsonb not null check (jsonb_typeof(steps) = 'array' and jsonb_array_length(steps) between 1 and 20),
  version    integer not null default 1 check (version >= 1),
  changed_at timestamptz not null
);
comment on column escalation_policy.repeats is 'how often the steps are gone through; 0 is for ever';
comment on column escalation_policy.steps is '[{"targets": [{"kind": "role" | "schedule" | "person" | "room", "name": text}], "wait_seconds": number, "all": true}]; checked by oncall/policy';

-- Without a row, a role rings whoever is on by its schedules, then its roster.
create table role_policy (
  role     text not null references role on update cascade on delete cascade,
  severity smallint not null check (severity between 0 and 4),
  policy   text not null references escalation_policy,
  primary key (role, severity)
);
create index role_policy_policy on role_policy (policy);
comment on column role_policy.severity is '0 is every severity without a row of its own';

-- A step of a policy may wait longer than any patience, and is begun once in a round.
alter table escalation
  add column tier smallint not null default 0 check (tier >= 0),
  add column waits interval not null default interval '0';
comment on column escalation.tier is 'the last step of the policy that was begun in this round; 0 is none';
comment on column escalation.waits is 'how long the last step waits: a due_at that is further ahead was written by a clock that was wrong';

grant select, insert, update, delete on escalation_policy, role_policy to batsignal_app;
