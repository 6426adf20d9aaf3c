-- +goose Up

-- A meeting. What the machine was told at its start is in setting, everything that
-- happened since in meeting_event: the two make the same minutes on any machine. The
-- other columns are what lists and searches need of that.
create table meeting (
  id bigint generated always as identity primary key,
  network text not null,
  room text not null check (length(room) between 1 and 80),
  incident_id bigint references incident,
  dialect text not null check (length(dialect) between 1 and 32),
  setting jsonb not null,
  name text not null default '' check (length(name) <= 200),
  title text not null check (length(title) between 1 and 600),
  path text not null check (length(path) between 1 and 600),
  started_at timestamptz not null,
  started_by text not null default '',
  ended_at timestamptz,
  events integer not null default 0,
  lines integer not null default 0,
  heard_at timestamptz not null,
  warned_at timestamptz,
  restricted boolean not null default false,
  imported boolean not null default false,
  write_due boolean not null default false,
  written_at timestamptz,
  check (ended_at is null or ended_at >= started_at - interval '1 day')
);
comment on column meeting.events is 'number of the last event: who writes the next one must have seen this one';
comment on column meeting.heard_at is 'last sign of life, which silence is counted from';
comment on column meeting.write_due is 'files are to be written from the rows';
-- One meeting in a room at a time; those of an incident are in the rooms that it has.
create unique index meeting_open_room on meeting (network, room) where ended_at is null and incident_id is null;
create unique index meeting_open_incident on meeting (incident_id) where ended_at is null;
create unique index meeting_path on meeting (path) where ended_at is not null;
create index meeting_any_path on meeting (path);
create index meeting_incident on meeting (incident_id);
create index meeting_room on meeting (network, room, started_at);
create index meeting_name on meeting (name, started_at);
create index meeting_started on meeting (started_at);
create index meeting_write on meeting (id) where write_due;

create table meeting_event (
  meeting_id bigint not null references meeting,
  n integer not null check (n >= 1),
  at timestamptz not null,
  kind text not null check (kind in ('said', 'did', 'renamed', 'joined', 'left', 'edited', 'deleted', 'erased', 'led', 'chaired', 'ended')),
  nick text not null default '',
  account text not null default '',
  handle text not null default '',
  zone text not null default '',
  network text not null default '',
  text text not null default '',
  message_id text not null default '' check (length(message_id) <= 200),
  link text not null default '',
  thread text not null default '',
  self boolean not null default false,
  op boolean not null default false,
  adopted boolean not null default false,
  blank boolean not null default false,
  line integer check (line >= 1),
  search tsvector,
  primary key (meeting_id, n)
);
comment on column meeting_event.blank is 'its words were erased: what is left makes the same numbers, and nothing else';
comment on column meeting_event.line is 'its number in the log; null is no line of it';
comment on column meeting_event.search is 'the words that the log shows for this line now';
-- What a network delivers twice is heard once. The number comes first: it tells lines
-- apart, whatever the planner knows of the table.
create unique index meeting_event_once on meeting_event (message_id, network)
  where message_id <> '' and kind in ('said', 'did');
create index meeting_event_search on meeting_event using gin (search);

-- The items as they stand, for lists and searches.
create table meeting_item (
  meeting_id bigint not null references meeting,
  id integer not null check (id >= 1),
  kind text not null,
  text text not null,
  by_nick text not null,
  at timestamptz not null,
  line integer not null,
  gone boolean not null default false,
  search tsvector,
  primary key (meeting_id, id)
);
create index meeting_item_search on meeting_item using gin (search);

-- What was said lately in rooms whose policy keeps it, for a meeting that starts late.
create table room_line (
  id bigint generated always as identity primary key,
  network text not null,
  room text not null,
  at timestamptz not null,
  event jsonb not null
);
create index room_line_room on room_line (network, room, at);

-- What somebody has to do, whether a meeting or an incident said so. It outlives both.
create table action_item (
  id bigint generated always as identity primary key,
  text text not null check (length(text) <= 2000),
  state text not null default 'open' check (state in ('open', 'done', 'dropped')),
  due date,
  created_at timestamptz not null,
  created_by text not null default '',
  closed_at timestamptz,
  meeting_id bigint references meeting,
  item integer,
  incident_id bigint references incident,
  network text not null default '',
  room text not null default '',
  series text not null default '',
  reminded_at timestamptz,
  issue_url text not null default '',
  owners_set boolean not null default false,
  due_set boolean not null default false,
  check ((state = 'open') = (closed_at is null)),
  check ((meeting_id is null) = (item is null))
);
comment on column action_item.series is 'the name of the meeting, which the next one of that name is known by';
comment on column action_item.owners_set is 'somebody said since whose it is: what its minutes say of that does not count';
comment on column action_item.due_set is 'the same of its day';
create unique index action_item_once on action_item (meeting_id, item);
create index action_item_open on action_item (due) where state = 'open';
create index action_item_series on action_item (series) where state = 'open';
create index action_item_incident on action_item (incident_id);

create table action_owner (
  action_id bigint not null references action_item,
  place integer not null,
  name text not null check (length(name) between 1 and 200),
  person_id bigint references person,
  primary key (action_id, place)
);
create index action_owner_person on action_owner (person_id);

create table action_change (
  id bigint generated always as identity primary key,
  action_id bigint not null references action_item,
  at timestamptz not null,
  who text not null default '',
  what text not null check (length(what) between 1 and 2400)
);
create index action_change_action on action_change (action_id, id);
create trigger action_change_append_only before update or delete or truncate on action_change
  for each statement execute function refuse_change();

-- The document that is written about an incident afterwards, draft and every edition.
create table retrospective (
  incident_id bigint not null references incident,
  edition integer not null check (edition >= 1),
  at timestamptz not null,
  person_id bigint references person,
  text text not null check (length(text) <= 200000),
  primary key (incident_id, edition)
);
create trigger retrospective_append_only before update or delete or truncate on retrospective
  for each statement execute function refuse_change();

-- A link by which one person may edit one retrospective, for a while.
create table edit_token (
  hash bytea primary key check (length(hash) = 32),
  incident_id bigint not null references incident,
  person_id bigint not null references person,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

alter table timeline_entry drop constraint timeline_entry_kind_check;
alter table timeline_entry add constraint timeline_entry_kind_check check (kind in (
  'opened', 'signal', 'page', 'ack', 'decline', 'role', 'baton', 'exhausted', 'severity',
  'renamed', 'note', 'action', 'room', 'resolved', 'reopened', 'decision', 'info', 'retrospective'));
-- A line that an item of the minutes made says what that item says now.
alter table timeline_entry
  add column meeting_id bigint references meeting,
  add column item integer,
  add check ((meeting_id is null) = (item is null));

-- Which run of the program a command is run by: what a dead one did not finish is run
-- again by whoever was given its line.
alter table command_call add column worker text not null default '';

grant select, insert, update on meeting, meeting_event, action_item to batsignal_app;
grant select, insert, update, delete on meeting_item, room_line, action_owner, edit_token to batsignal_app;
grant select, insert on action_change, retrospective to batsignal_app;
