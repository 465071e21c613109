-- The message log by packs: what a batch sealed as one is one row, which names its messages' channels, directions, outcomes and sizes side by
-- side in their order; a message's bytes begin where those before it end. Rows of before, one a message, stay as they are and are read as they were.
-- The channels of a pack are found by an index over all of them. Its entries wait in a list that is short enough to be read through by a look.
alter table message alter column channel drop not null, alter column outbound drop not null, alter column outcome drop not null, alter column outcome drop default, alter column size drop not null,
  add column channels bigint[], add column outbounds boolean[], add column outcomes text[], add column sizes integer[];
create index message_channels on message using gin (channels) with (gin_pending_list_limit = 512);
