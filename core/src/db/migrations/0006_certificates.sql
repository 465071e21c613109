-- A certificate may be issued for an invitation, before its device says who it is; one key for each invitation.
alter table certificate add column invitation bigint references invitation on delete set null;
create unique index certificate_invitation on certificate (invitation) where invitation is not null and revoked is null;
-- Certificates of this server's own for what a platform's protocol needs (a registration authority, a signer of profiles), shared by all nodes.
create table own_certificate (
  purpose text primary key, key_sealed bytea not null, serial text not null, certificate bytea not null, not_after timestamptz not null, created timestamptz not null default now()
);
