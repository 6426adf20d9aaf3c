-- +goose Up

-- The bot says the code of a challenge in the switchboard's own words only: it keeps them, and
-- where they were said, for as long as codes are taken.
alter table unseal_ask
  add column network text not null default '' check (length(network) <= 200),
  add column room text not null default '' check (length(room) <= 200),
  add column line text not null default '' check (octet_length(line) <= 400);
comment on column unseal_ask.line is 'what the switchboard has us say, word for word; "" is of before it was kept, or of one that was taken back';
grant update (line) on unseal_ask to batsignal_app;
create index unseal_ask_room on unseal_ask (network, asked_at);
