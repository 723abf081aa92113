ALTER TABLE frontier ADD COLUMN callback TEXT COLLATE "C";

COMMENT ON COLUMN frontier.callback IS 'Method of the site''s own spider that gets the response; null without one';
