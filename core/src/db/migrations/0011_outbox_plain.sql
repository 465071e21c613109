-- An event of a batch is some kilobytes that are read once, within a second, and are gone in a week: making them small costs more than it spares.
alter table outbox alter column data set storage external;
