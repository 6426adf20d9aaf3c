-- +goose Up

-- What may be clicked under an announcement where a network has buttons; where a
-- line comes from that is carried over from another network, so that it is carried
-- once; and what is to be done later.
alter table notice
  add column actions jsonb not null default '[]',
  add column origin text check (length(origin) between 1 and 300),
  add column not_before timestamptz;
alter table notice drop constraint notice_kind_check;
alter table notice add constraint notice_kind_check
  check (kind in ('say', 'open', 'topic', 'invite', 'summary', 'close'));
create unique index notice_origin on notice (network, origin) where origin is not null;

alter table timeline_entry drop constraint timeline_entry_kind_check;
alter table timeline_entry add constraint timeline_entry_kind_check check (kind in (
  'opened', 'signal', 'page', 'ack', 'decline', 'role', 'baton', 'exhausted', 'severity',
  'renamed', 'note', 'action', 'room', 'resolved', 'reopened'));

-- A command whose process was killed in the middle of it is run again when its line
-- is delivered again; one that was finished never is.
alter table command_call add column finished_at timestamptz;
update command_call set finished_at = at;

-- What Slack has delivered and we have acknowledged, so that it is worked once and
-- survives us. The words go when the work is done; the key stays for a day.
create table slack_event (
  network text not null,
  key text not null check (length(key) between 1 and 200),
  kind text not null check (kind in ('event', 'command', 'action')),
  payload text,
  worker text not null,
  received_at timestamptz not null,
  done_at timestamptz,
  primary key (network, key)
);
create index slack_event_waiting on slack_event (network, received_at) where done_at is null;
create index slack_event_received on slack_event (received_at);

-- Which channel a room of ours is. A channel keeps its identity when people rename it.
create table slack_room (
  network text not null,
  room text not null check (length(room) between 1 and 81),
  channel text not null check (length(channel) between 1 and 64),
  wanted text not null, -- the room that was asked for when this one was made
  summary_ts text not null default '',
  summary_pinned boolean not null default false,
  primary key (network, room)
);
create index slack_room_channel on slack_room (network, channel);

grant select, insert, update, delete on slack_event, slack_room to batsignal_app;
-- A room that turned out to be the home room is no room of the incident's own; what was
-- carried from one network to another is not kept.
grant delete on incident_room, notice to batsignal_app;
