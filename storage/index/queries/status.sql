-- warc-files
SELECT warc_files.name, warc_files.state, crawls.run AS crawl, warc_files.size, warc_files.sha256, (
    SELECT count(*) FROM captures WHERE captures.warc_file_id = warc_files.id
) AS captures
FROM warc_files
LEFT JOIN crawls ON crawls.id = warc_files.crawl_id
ORDER BY warc_files.name

-- sites-of-crawls
SELECT crawl_sites.crawl_id, sites.name
FROM crawl_sites
JOIN sites ON sites.id = crawl_sites.site_id
WHERE crawl_sites.crawl_id IN :ids
ORDER BY sites.name

-- total-of-files
SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM warc_files
