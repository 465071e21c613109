-- Facts change all day, and are looked up all day: entries that wait in the index's list would be read through by each look-up.
alter index device_outline set (fastupdate = off);
select gin_clean_pending_list('device_outline'::regclass);
