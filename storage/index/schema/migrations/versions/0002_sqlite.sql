ALTER TABLE frontier ADD COLUMN callback TEXT;
