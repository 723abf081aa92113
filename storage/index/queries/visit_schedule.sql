-- versions
SELECT url_id, count(version_id) AS versions FROM captures WHERE url_id IN :ids GROUP BY url_id
