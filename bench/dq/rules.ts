/** One rule, and what a person would write by hand to measure the same. */
interface Measured {
  rule: string;
  /** Aggregates over `trips`. */
  aggregates?: string[];
  /** A query of one row, where an aggregate does not do. */
  query?: string;
}

const complete = (column: string): Measured => ({
  rule: `IsComplete "${column}"`,
  aggregates: ['count(*)', `count(${column})`],
});
const aggregate = (type: string, name: string, column: string, condition: string): Measured => ({
  rule: `${type} "${column}" ${condition}`,
  aggregates: [`${name}(${column})`],
});
const minimum = (column: string, limit: number): Measured => ({
  rule: `ColumnValues "${column}" >= ${limit}`,
  aggregates: [`min(${column})`, `count(${column})`],
});
const members = (column: string, list: string): Measured => ({
  rule: `ColumnValues "${column}" in [${list}]`,
  aggregates: [`count(*) FILTER (WHERE ${column} IN (${list.replaceAll('"', "'")}))`],
});
const groups = (column: string, what: string): string =>
  `SELECT ${what} FROM (SELECT count(*) AS n FROM trips GROUP BY ${column})`;
const distinct = (column: string, condition: string): Measured => ({
  rule: `DistinctValuesCount "${column}" ${condition}`,
  aggregates: [`count(DISTINCT ${column})`],
});

/** Fifty-five rules as a recommendation run for such a table gives them. */
export const rules: Measured[] = [
  { rule: 'RowCount between 900000 and 1100000', aggregates: ['count(*)'] },
  { rule: 'ColumnCount = 20' },
  ...['trip_id', 'vendor_id', 'pickup_datetime', 'dropoff_datetime', 'trip_distance', 'rate_code_id'].map(complete),
  ...['store_and_fwd_flag', 'pickup_location_id', 'dropoff_location_id', 'payment_type', 'fare_amount'].map(complete),
  ...['extra', 'mta_tax', 'tip_amount', 'tolls_amount', 'improvement_surcharge', 'total_amount'].map(complete),
  { rule: 'Completeness "passenger_count" >= 0.97', aggregates: ['count(passenger_count)'] },
  { rule: 'Completeness "congestion_surcharge" >= 0.6', aggregates: ['count(congestion_surcharge)'] },
  ...[minimum('trip_distance', 0), minimum('fare_amount', 2.5), minimum('tip_amount', 0), minimum('tolls_amount', 0)],
  ...[minimum('total_amount', 3), minimum('vendor_id', 1), minimum('pickup_location_id', 1)],
  { rule: 'ColumnValues "vendor_id" <= 6', aggregates: ['max(vendor_id)'] },
  { rule: 'ColumnValues "total_amount" <= 500', aggregates: ['max(total_amount)'] },
  { rule: 'ColumnValues "pickup_location_id" <= 263', aggregates: ['max(pickup_location_id)'] },
  members('payment_type', '1,2,3,4'),
  members('rate_code_id', '1,2,3,4,5,6'),
  members('vendor_id', '1,2'),
  members('store_and_fwd_flag', '"Y","N"'),
  {
    rule: 'ColumnValues "pickup_datetime" between "2018-12-31" and "2019-02-02"',
    aggregates: [
      "count(*) FILTER (WHERE pickup_datetime::DATE > '2018-12-31' AND pickup_datetime::DATE < '2019-02-02')",
    ],
  },
  {
    rule: 'ColumnValues "zone_code" matches "Z[0-9]{4}"',
    aggregates: ["count(*) FILTER (WHERE regexp_full_match(zone_code, 'Z[0-9]{4}'))"],
  },
  {
    rule: 'ColumnLength "zone_code" = 5',
    aggregates: ['min(length(zone_code))', 'max(length(zone_code))'],
  },
  aggregate('Mean', 'avg', 'fare_amount', 'between 30 and 50'),
  aggregate('Mean', 'avg', 'trip_distance', 'between 10 and 20'),
  aggregate('Mean', 'avg', 'tip_amount', 'between 4 and 6'),
  aggregate('Sum', 'sum', 'total_amount', '> 1000000'),
  aggregate('StandardDeviation', 'stddev_pop', 'fare_amount', 'between 20 and 23'),
  aggregate('StandardDeviation', 'stddev_pop', 'total_amount', 'between 20 and 23'),
  {
    rule: 'ColumnCorrelation "fare_amount" "trip_distance" > 0.9',
    aggregates: ['corr(fare_amount, trip_distance)'],
  },
  {
    rule: 'ColumnCorrelation "fare_amount" "total_amount" > 0.9',
    aggregates: ['corr(fare_amount, total_amount)'],
  },
  distinct('vendor_id', '= 2'),
  distinct('pickup_location_id', '= 263'),
  distinct('zone_code', '<= 263'),
  { rule: 'Entropy "payment_type" > 1', query: groups('payment_type', 'sum(n * ln(n))') },
  { rule: 'Uniqueness "trip_id" > 0.99', query: groups('trip_id', 'count(*) FILTER (WHERE n = 1)') },
  {
    rule: 'UniqueValueRatio "dropoff_location_id" < 0.1',
    query: groups('dropoff_location_id', 'count(*) FILTER (WHERE n = 1), count(*)'),
  },
  {
    rule: 'Completeness "passenger_count" > 0.9 where "vendor_id = 2"',
    aggregates: ['count(*) FILTER (WHERE vendor_id = 2)', 'count(passenger_count) FILTER (WHERE vendor_id = 2)'],
  },
  {
    rule: 'ColumnValues "fare_amount" > 0 where "payment_type = 1 and trip_distance > 0"',
    aggregates: [
      'min(fare_amount) FILTER (WHERE payment_type = 1 AND trip_distance > 0)',
      'count(*) FILTER (WHERE payment_type = 1 AND trip_distance > 0)',
    ],
  },
  {
    rule: 'CustomSql "select count(*) from primary where passenger_count = 0 and fare_amount > 0" = 0',
    aggregates: ['count(*) FILTER (WHERE passenger_count = 0 AND fare_amount > 0)'],
  },
];

/** The ruleset of the first rules. */
export function rulesetOf(count: number): string {
  return `Rules = [\n${rules
    .slice(0, count)
    .map(({ rule }) => `  ${rule}`)
    .join(',\n')}\n]`;
}

/** One hand-written statement with the metrics of the first rules. */
export function handWritten(count: number): string {
  const chosen = rules.slice(0, count);
  const aggregates = [...new Set(chosen.flatMap((one) => one.aggregates ?? []))];
  const queries = chosen.flatMap(({ query }, index) => (query === undefined ? [] : [`(${query}) AS q${index}`]));
  return `SELECT * FROM ${[`(SELECT ${aggregates.join(', ')} FROM trips)`, ...queries].join(', ')}`;
}
