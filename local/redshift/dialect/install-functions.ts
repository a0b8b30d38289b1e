import type { ClientBase } from 'pg';

/** Holds the functions that PostgreSQL lacks; translated SQL names it in full, so it is on no search path. */
export const COMPATIBILITY_SCHEMA = 'sluice_redshift';

const s = COMPATIBILITY_SCHEMA;

function sqlFunction(signature: string, returns: string, body: string, volatility = 'IMMUTABLE'): string {
  return `CREATE OR REPLACE FUNCTION ${s}.${signature} RETURNS ${returns} LANGUAGE sql ${volatility} PARALLEL SAFE AS $$ SELECT ${body} $$`;
}

const interval = `(CASE $1 WHEN 'millennium' THEN interval '1000 years' WHEN 'century' THEN interval '100 years'
  WHEN 'decade' THEN interval '10 years' WHEN 'quarter' THEN interval '3 months' WHEN 'dow' THEN interval '1 day'
  WHEN 'doy' THEN interval '1 day' ELSE ('1 ' || $1)::interval END)`;

/** Counts the boundaries of a part between two times, as DATEDIFF does; weeks begin on Monday, as in DATE_TRUNC. */
const difference = `(CASE $1
  WHEN 'year' THEN extract(year FROM $3) - extract(year FROM $2)
  WHEN 'quarter' THEN (extract(year FROM $3) - extract(year FROM $2)) * 4 + extract(quarter FROM $3) - extract(quarter FROM $2)
  WHEN 'month' THEN (extract(year FROM $3) - extract(year FROM $2)) * 12 + extract(month FROM $3) - extract(month FROM $2)
  WHEN 'week' THEN (date_trunc('week', $3)::date - date_trunc('week', $2)::date) / 7
  WHEN 'decade' THEN extract(decade FROM $3) - extract(decade FROM $2)
  WHEN 'century' THEN extract(century FROM $3) - extract(century FROM $2)
  WHEN 'millennium' THEN extract(millennium FROM $3) - extract(millennium FROM $2)
  WHEN 'hour' THEN floor(extract(epoch FROM $3) / 3600) - floor(extract(epoch FROM $2) / 3600)
  WHEN 'minute' THEN floor(extract(epoch FROM $3) / 60) - floor(extract(epoch FROM $2) / 60)
  WHEN 'second' THEN floor(extract(epoch FROM $3)) - floor(extract(epoch FROM $2))
  WHEN 'epoch' THEN floor(extract(epoch FROM $3)) - floor(extract(epoch FROM $2))
  WHEN 'millisecond' THEN floor(extract(epoch FROM $3) * 1000) - floor(extract(epoch FROM $2) * 1000)
  WHEN 'microsecond' THEN floor(extract(epoch FROM $3) * 1000000) - floor(extract(epoch FROM $2) * 1000000)
  ELSE $3::date - $2::date END)::bigint`;

const statements = [
  sqlFunction('getdate()', 'timestamp', `date_trunc('second', statement_timestamp())::timestamp`, 'STABLE'),
  sqlFunction('dateadd(text, bigint, timestamp)', 'timestamp', `$3 + $2 * ${interval}`),
  sqlFunction('dateadd(text, bigint, date)', 'timestamp', `$3::timestamp + $2 * ${interval}`),
  sqlFunction('dateadd(text, bigint, timestamptz)', 'timestamptz', `$3 + $2 * ${interval}`, 'STABLE'),
  sqlFunction('datediff(text, timestamp, timestamp)', 'bigint', difference),
  sqlFunction(
    'datediff(text, date, date)',
    'bigint',
    difference.replaceAll('$2', '$2::timestamp').replaceAll('$3', '$3::timestamp')
  ),
  sqlFunction('datediff(text, timestamptz, timestamptz)', 'bigint', difference, 'STABLE'),
  sqlFunction('date_trunc(text, timestamp)', 'timestamp', 'pg_catalog.date_trunc($1, $2)'),
  sqlFunction('date_trunc(text, date)', 'timestamp', 'pg_catalog.date_trunc($1, $2::timestamp)'),
  sqlFunction('date_trunc(text, timestamptz)', 'timestamptz', 'pg_catalog.date_trunc($1, $2)', 'STABLE'),
  sqlFunction('convert_timezone(text, timestamp)', 'timestamp', `($2 AT TIME ZONE 'UTC') AT TIME ZONE $1`),
  sqlFunction('convert_timezone(text, text, timestamp)', 'timestamp', `($3 AT TIME ZONE $1) AT TIME ZONE $2`),
  sqlFunction('last_day(timestamp)', 'date', `(date_trunc('month', $1) + interval '1 month - 1 day')::date`),
  sqlFunction(
    'add_months(timestamp, bigint)',
    'timestamp',
    // the last day of a month stays the last day
    `CASE WHEN ($1 + interval '1 day')::date = date_trunc('month', $1 + interval '1 day')::date
          THEN date_trunc('month', $1) + ($2 + 1) * interval '1 month' - interval '1 day' + ($1 - date_trunc('day', $1))
          ELSE $1 + $2 * interval '1 month' END`
  ),
  sqlFunction(
    'months_between(timestamp, timestamp)',
    'double precision',
    `((extract(year FROM $1) - extract(year FROM $2)) * 12 + extract(month FROM $1) - extract(month FROM $2)
      + CASE WHEN extract(day FROM $1) = extract(day FROM $2)
               OR (${s}.last_day($1) = $1::date AND ${s}.last_day($2) = $2::date) THEN 0
             ELSE (extract(epoch FROM $1 - date_trunc('month', $1)) - extract(epoch FROM $2 - date_trunc('month', $2))) / 2678400.0 END
     )::double precision`
  ),
  sqlFunction('trunc(numeric)', 'numeric', 'pg_catalog.trunc($1)'),
  sqlFunction('trunc(double precision)', 'double precision', 'pg_catalog.trunc($1)'),
  sqlFunction('trunc(numeric, integer)', 'numeric', 'pg_catalog.trunc($1, $2)'),
  sqlFunction(
    'trunc(double precision, integer)',
    'double precision',
    'pg_catalog.trunc($1::numeric, $2)::double precision'
  ),
  sqlFunction('trunc(timestamp)', 'date', '$1::date'),
  sqlFunction('trunc(date)', 'date', '$1'),
  sqlFunction('trunc(timestamptz)', 'date', '$1::date', 'STABLE'),
  sqlFunction('round(numeric, integer)', 'numeric', 'pg_catalog.round($1, $2)'),
  sqlFunction(
    'round(double precision, integer)',
    'double precision',
    'pg_catalog.round($1::numeric, $2)::double precision'
  ),
  sqlFunction(
    'sha2(text, integer)',
    'text',
    `encode(CASE $2 WHEN 224 THEN sha224(convert_to($1, 'UTF8')) WHEN 384 THEN sha384(convert_to($1, 'UTF8'))
    WHEN 512 THEN sha512(convert_to($1, 'UTF8')) ELSE sha256(convert_to($1, 'UTF8')) END, 'hex')`
  ),
  // every match is replaced, and groups are written $1
  sqlFunction('regexp_replace(text, text)', 'text', `pg_catalog.regexp_replace($1, $2, '', 'g')`),
  sqlFunction(
    'regexp_replace(text, text, text)',
    'text',
    `pg_catalog.regexp_replace($1, $2, pg_catalog.regexp_replace($3, '\\$(\\d)', '\\\\\\1', 'g'), 'g')`
  ),
  sqlFunction(
    'json_extract_path_text(text, VARIADIC text[])',
    'text',
    `coalesce(pg_catalog.json_extract_path_text($1::json, VARIADIC $2), '')`
  ),
  sqlFunction('json_parse(text)', 'jsonb', '$1::jsonb'),
  sqlFunction('json_serialize(jsonb)', 'text', '$1::text'),
  sqlFunction('is_valid_json(text)', 'boolean', '$1 IS JSON'),
  `CREATE OR REPLACE FUNCTION ${s}.strtol(text, integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
   DECLARE total bigint := 0; digit integer; sign integer := 1; digits text := lower(btrim($1));
   BEGIN
     IF left(digits, 1) IN ('-', '+') THEN sign := CASE left(digits, 1) WHEN '-' THEN -1 ELSE 1 END; digits := substr(digits, 2); END IF;
     IF $2 = 16 AND left(digits, 2) = '0x' THEN digits := substr(digits, 3); END IF;
     FOR i IN 1 .. length(digits) LOOP
       digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(digits, i, 1)) - 1;
       IF digit < 0 OR digit >= $2 THEN RAISE EXCEPTION 'The input % is not valid to be converted to base %', $1, $2; END IF;
       total := total * $2 + digit;
     END LOOP;
     RETURN sign * total;
   END $$`,
  // a file made in the transaction needs no log; who reads the table, or would at another isolation level, is not disturbed
  `CREATE OR REPLACE FUNCTION ${s}.make_anew(target regclass, whole boolean) RETURNS void LANGUAGE plpgsql AS $$
   BEGIN
     IF pg_relation_size(target) > 0 AND NOT (whole AND pg_relation_size(target) > 1048576) THEN RETURN; END IF;
     IF current_setting('transaction_isolation') <> 'read committed' OR NOT has_table_privilege(target, 'TRUNCATE')
       OR NOT EXISTS (SELECT FROM pg_class WHERE oid = target AND relkind = 'r' AND NOT relhassubclass AND NOT relhastriggers)
     THEN RETURN; END IF;
     BEGIN
       EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', target);
     EXCEPTION WHEN lock_not_available THEN RETURN;
     END;
     IF whole OR pg_relation_size(target) = 0 THEN EXECUTE format('TRUNCATE %s', target); END IF;
   END $$`,
];

/**
 * Makes Redshift's functions in a database of PostgreSQL, once per version of this list.
 * @param client a connection outside of a transaction
 */
export async function installFunctions(client: ClientBase): Promise<void> {
  const script = [`CREATE SCHEMA IF NOT EXISTS ${s}`, ...statements].join(';\n');
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock(7355608)'); // two processes at once would collide in the catalog
    await client.query(script);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
