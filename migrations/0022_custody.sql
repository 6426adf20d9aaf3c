-- +goose Up

-- Who can write rows could have holders seal their shares to another key. So each session says
-- by a code, whose secret is in no row, that the bot itself made it.
alter table share_session add column stamp text not null default '' check (stamp ~ '^([0-9a-f]{64})?$');
comment on column share_session.stamp is 'HMAC-SHA-256 over what holders rely on, by a secret of the bot that is in no row; "" is nobody''s';

-- What is open now has no code, and nobody would take it for the bot's. Its run begins anew.
update share_session set state = 'closed', ended_at = now() where state = 'open';
delete from share_handed;

-- A rekey may be over at Vault while whoever did it died. Which shares were proven then tells it
-- later, when some of them open the vault.
alter table share_parcel add column proven text check (proven ~ '^[0-9a-f]{64}$');
comment on column share_parcel.proven is 'by what the share is known again that its receiver handed in to prove it; null: none was';
