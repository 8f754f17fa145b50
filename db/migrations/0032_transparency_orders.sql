-- Orders of before that have said in their options that they are not to be logged; those that come say it in the column
-- (0030). Apart from it: orders go on while these are looked for. In the order of all who lock several.
WITH held AS MATERIALIZED (
    SELECT id FROM orders WHERE (options ->> 'disable_ct')::boolean AND NOT disable_ct ORDER BY id FOR NO KEY UPDATE
)
UPDATE orders o SET disable_ct = true FROM held h WHERE o.id = h.id;
