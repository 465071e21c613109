-- What a batch names of its rows is numbers, some kilobytes a batch: making them small costs more than it spares.
alter table handed alter column channels set storage external, alter column activities set storage external;
alter table message alter column channels set storage external, alter column outbounds set storage external, alter column sizes set storage external;
