-- +goose Up

-- The secret by which sessions of shares are known is in a file of each host. A host that has
-- another one than the host that leads must say that, and call nothing forged.
create table share_stamp (
  mark    text primary key check (mark ~ '^[0-9a-f]{64}$'),
  host    text not null check (length(host) between 1 and 100),
  seen_at timestamptz not null,
  leads   boolean not null default false,
  told    boolean not null default false
);
create unique index share_stamp_leads on share_stamp (leads) where leads;
comment on table share_stamp is 'which secrets of hosts there are, by which sessions of shares are known';
comment on column share_stamp.mark is 'HMAC-SHA-256 over a constant by the secret: two secrets are told apart by it, and neither is found from it';
comment on column share_stamp.host is 'that used it last';
comment on column share_stamp.leads is 'the host that leads has this one; sessions are stamped by it';
comment on column share_stamp.told is 'the room heard of it, or needs not';

create trigger fence before insert or update or delete on share_stamp for each statement
  when (current_setting('batsignal.epoch', true) <> '') execute function fence();
grant select, insert, update, delete on share_stamp to batsignal_app;

-- Another registration of somebody takes the place of their first: of what they said, and not of
-- what Vault found out by itself.
alter table share_holder add column registered_by bigint references person;
comment on column share_holder.registered_by is 'who said it of themselves; null: it was learned from what opened the vault, or from a rekey';
update share_holder set registered_by = person_id where drilled_at is null and commitment is not null;
