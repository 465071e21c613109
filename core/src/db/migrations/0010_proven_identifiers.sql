-- Identifiers that the platform itself vouched for when the device began, as its maker's or Google's word does: a device that comes again with the same proof is the same one. All others are only said.
alter table identifier add column proven boolean not null default false;
