-- +goose Up

-- Alerts: what monitoring tools tell us, each until it is resolved. A routing key says
-- who is rung. What comes by one key while nobody has answered yet is one group, and a
-- group is one page.

create table alert_key (
  id               bigint generated always as identity primary key,
  name             text not null check (name ~ '^[a-z][a-z0-9-]{0,47}$'),
  hash             bytea not null unique check (length(hash) = 32),
  policy           text references escalation_policy on update cascade on delete set null,
  severities       jsonb not null default '{}' check (jsonb_typeof(severities) = 'object'),
  default_severity smallint not null check (default_severity between 1 and 4),
  created_by       bigint references person on delete set null,
  created_at       timestamptz not null,
  revoked_at       timestamptz,
  constraint alert_key_policy_check check (policy is not null or revoked_at is not null)
);
create unique index alert_key_name on alert_key (name) where revoked_at is null;
create index alert_key_policy on alert_key (policy) where revoked_at is null;
comment on column alert_key.hash is 'SHA-256 of the routing key, which is told once and not kept';
comment on column alert_key.severities is 'what the words of senders mean here, where it is not as usual: {"critical": 1}';
comment on column alert_key.default_severity is 'of a word that nobody knows';
comment on column alert_key.policy is 'who is rung; a policy that a key in use names cannot be deleted';

-- Whoever changes a group or an alert locks the row of the key first: then nobody waits
-- in a circle, and there is one open group and one open alert of a name.
create table alert_group (
  id           bigint generated always as identity primary key,
  key_id       bigint not null references alert_key,
  state        text not null check (state in ('open', 'acked', 'resolved')),
  severity     smallint not null check (severity between 1 and 4),
  title        text not null check (length(title) between 1 and 600),
  opened_at    timestamptz not null,
  told_at      timestamptz,
  untold       boolean not null,
  total        int not null check (total >= 0),
  triggered    int not null check (triggered >= 0),
  acknowledged int not null check (acknowledged >= 0),
  acked_at     timestamptz,
  acked_by     bigint references person on delete set null,
  resolved_at  timestamptz,
  check ((state = 'open') = (triggered > 0)),
  check ((state = 'resolved') = (resolved_at is not null)),
  check (state <> 'resolved' or acknowledged = 0)
);
create unique index alert_group_open on alert_group (key_id) where state = 'open';
create index alert_group_live on alert_group (id) where state <> 'resolved';
create index alert_group_untold on alert_group (told_at) where untold;
create index alert_group_key on alert_group (key_id, id);
create index alert_group_resolved on alert_group (resolved_at) where state = 'resolved';
comment on column alert_group.severity is 'the worst of its alerts so far; 4 is announced and rings nobody';
comment on column alert_group.told_at is 'when people were last told of its alerts, by a ring or a further message; null: not yet';
comment on column alert_group.untold is 'some of its alerts were in no message yet';

create table alert (
  id          bigint generated always as identity primary key,
  key_id      bigint not null references alert_key,
  group_id    bigint not null references alert_group on delete cascade,
  dedup_key   text not null check (length(dedup_key) between 1 and 255),
  state       text not null check (state in ('triggered', 'acknowledged', 'resolved')),
  severity    smallint not null check (severity between 1 and 4),
  summary     text not null check (length(summary) between 1 and 1024),
  source      text not null check (length(source) <= 1024),
  count       bigint not null check (count >= 1),
  first_at    timestamptz not null,
  last_at     timestamptz not null,
  told_at     timestamptz,
  acked_at    timestamptz,
  acked_by    bigint references person on delete set null,
  resolved_at timestamptz,
  resolved_by bigint references person on delete set null,
  component   text not null check (length(component) <= 1024),
  class       text not null check (length(class) <= 1024),
  part        text not null check (length(part) <= 1024),
  details     text not null check (octet_length(details) <= 4096),
  links       jsonb not null check (jsonb_typeof(links) = 'array'),
  check ((state = 'resolved') = (resolved_at is not null))
);
create unique index alert_one_open on alert (key_id, dedup_key) where state <> 'resolved';
create index alert_of_group on alert (group_id, id);
create index alert_untold on alert (group_id, id) where told_at is null;
comment on column alert.count is 'how often it was triggered';
comment on column alert.told_at is 'when it was named in a message; null: in none yet';
comment on column alert.part is 'what PagerDuty calls its group: the part of a system that it belongs to';
comment on column alert.details is 'what else the sender told, as JSON; cut if it is long';

grant select, insert, update on alert_key to batsignal_app;
grant select, insert, update, delete on alert_group, alert to batsignal_app;
