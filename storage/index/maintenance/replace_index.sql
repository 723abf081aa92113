-- own-tables
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = to_regnamespace(quote_ident(:schema)) AND c.relkind = 'r' AND c.relname = ANY(:names)
ORDER BY 1

-- grants
SELECT format('GRANT %s ON %I TO %s%s', a.privilege_type, c.relname,
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
    CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace = to_regnamespace(quote_ident(:schema)) AND c.relname = ANY(:names) AND a.grantee <> c.relowner

-- dependents
SELECT DISTINCT r.ev_class::regclass::text
FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = d.refobjid
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
    AND c.relnamespace = to_regnamespace(quote_ident(:schema)) AND c.relname = ANY(:names) AND r.ev_class <> c.oid
UNION SELECT conrelid::regclass::text
FROM pg_constraint f JOIN pg_class c ON c.oid = f.confrelid JOIN pg_class o ON o.oid = f.conrelid
WHERE f.contype = 'f' AND c.relnamespace = to_regnamespace(quote_ident(:schema)) AND c.relname = ANY(:names)
    AND NOT (o.relnamespace = c.relnamespace AND o.relname = ANY(:names))
ORDER BY 1
