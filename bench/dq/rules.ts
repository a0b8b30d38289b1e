/** How Great Expectations says a rule, and what its observed value is. */
export interface Expectation {
  readonly expectation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** SQL of its observed value, where that is not the rule's metric. */
  readonly value?: string;
}

/** How Soda's checks language says a rule, and what its value is. */
export interface SodaCheck {
  readonly check: string;
  /** Lines of the check's own settings. */
  readonly settings?: readonly string[];
  /** SQL of its value, where that is not the rule's metric. */
  readonly value?: string;
}

/** One rule, what a person would write by hand to measure the same, and how others say it; absent where they cannot. */
export interface Measured {
  readonly rule: string;
  /** SQL of the metric over `trips`, one number, that contestants are checked against. */
  readonly metric: string;
  /** Aggregates over `trips`; the metric itself where neither these nor a query are told. */
  readonly aggregates?: readonly string[];
  /** A query of one row, where an aggregate does not do. */
  readonly query?: string;
  readonly soda?: SodaCheck;
  readonly gx?: Expectation;
}

const complete = (column: string): Measured => ({
  rule: `IsComplete "${column}"`,
  metric: `count(${column}) / count(*)`,
  aggregates: ['count(*)', `count(${column})`],
  soda: { check: `missing_count(${column}) = 0`, value: `count(*) - count(${column})` },
  gx: {
    expectation: 'ExpectColumnValuesToNotBeNull',
    arguments: { column },
    value: `count(*) - count(${column})`,
  },
});

const completeness = (column: string, least: number): Measured => ({
  rule: `Completeness "${column}" >= ${least}`,
  metric: `count(${column}) / count(*)`,
  aggregates: [`count(${column})`],
  soda: {
    check: `missing_percent(${column}) <= ${Math.round(100 * (1 - least))}`,
    value: `round(100 - 100 * count(${column}) / count(*), 2)`,
  },
  gx: {
    expectation: 'ExpectColumnValuesToNotBeNull',
    arguments: { column, mostly: least },
    value: `count(*) - count(${column})`,
  },
});

const minimum = (column: string, limit: number): Measured => ({
  rule: `ColumnValues "${column}" >= ${limit}`,
  metric: `min(${column})`,
  aggregates: [`min(${column})`, `count(${column})`],
  soda: { check: `min(${column}) >= ${limit}` },
  gx: { expectation: 'ExpectColumnMinToBeBetween', arguments: { column, min_value: limit } },
});

const maximum = (column: string, limit: number): Measured => ({
  rule: `ColumnValues "${column}" <= ${limit}`,
  metric: `max(${column})`,
  soda: { check: `max(${column}) <= ${limit}` },
  gx: { expectation: 'ExpectColumnMaxToBeBetween', arguments: { column, max_value: limit } },
});

const members = (column: string, set: readonly (string | number)[]): Measured => {
  const list = JSON.stringify(set).slice(1, -1);
  const condition = `${column} IN (${list.replaceAll('"', "'")})`;
  const outside = `count(*) FILTER (WHERE NOT ${condition})`;
  return {
    rule: `ColumnValues "${column}" in [${list}]`,
    metric: `count(*) FILTER (WHERE ${condition}) / count(*)`,
    aggregates: [`count(*) FILTER (WHERE ${condition})`],
    soda: { check: `invalid_count(${column}) = 0`, settings: [`valid values: ${JSON.stringify(set)}`], value: outside },
    gx: { expectation: 'ExpectColumnValuesToBeInSet', arguments: { column, value_set: set }, value: outside },
  };
};

const gxAggregates: Readonly<Record<string, string>> = {
  Mean: 'ExpectColumnMeanToBeBetween',
  Sum: 'ExpectColumnSumToBeBetween',
  StandardDeviation: 'ExpectColumnStdevToBeBetween',
};

const aggregate = (type: string, name: string, column: string, least: number, most?: number): Measured => ({
  rule: `${type} "${column}" ${most === undefined ? `> ${least}` : `between ${least} and ${most}`}`,
  metric: `${name}(${column})`,
  soda: { check: `${name}(${column}) ${most === undefined ? `> ${least}` : `between ${least} and ${most}`}` },
  gx: {
    expectation: gxAggregates[type]!,
    arguments: { column, min_value: least, ...(most !== undefined && { max_value: most }) },
    // The deviation of a sample, not of all.
    ...(type === 'StandardDeviation' && { value: `stddev_samp(${column})` }),
  },
});

const correlation = (one: string, other: string): Measured => ({
  rule: `ColumnCorrelation "${one}" "${other}" > 0.9`,
  metric: `corr(${one}, ${other})`,
});

const distinct = (column: string, operator: '=' | '<=', count: number): Measured => ({
  rule: `DistinctValuesCount "${column}" ${operator} ${count}`,
  metric: `count(DISTINCT ${column})`,
  gx: {
    expectation: 'ExpectColumnUniqueValueCountToBeBetween',
    arguments: { column, max_value: count, ...(operator === '=' && { min_value: count }) },
  },
});

const groups = (column: string, what: string): string =>
  `SELECT ${what} FROM (SELECT count(*) AS n FROM trips GROUP BY ${column})`;

/** Fifty-five rules as a recommendation run for a table of so many trips gives them. */
export function rulesFor(rows: number): readonly Measured[] {
  const [fewest, most] = [rows * 0.9, rows * 1.1].map(Math.round) as [number, number];
  const february = { min_value: '2019-01-01T00:00:00', max_value: '2019-02-02T00:00:00', strict_max: true };
  return [
    {
      rule: `RowCount between ${fewest} and ${most}`,
      metric: 'count(*)',
      soda: { check: `row_count between ${fewest} and ${most}` },
      gx: { expectation: 'ExpectTableRowCountToBeBetween', arguments: { min_value: fewest, max_value: most } },
    },
    {
      rule: 'ColumnCount = 20',
      metric: '20',
      aggregates: [],
      gx: { expectation: 'ExpectTableColumnCountToEqual', arguments: { value: 20 } },
    },
    ...['trip_id', 'vendor_id', 'pickup_datetime', 'dropoff_datetime', 'trip_distance', 'rate_code_id'].map(complete),
    ...['store_and_fwd_flag', 'pickup_location_id', 'dropoff_location_id', 'payment_type', 'fare_amount'].map(complete),
    ...['extra', 'mta_tax', 'tip_amount', 'tolls_amount', 'improvement_surcharge', 'total_amount'].map(complete),
    completeness('passenger_count', 0.97),
    completeness('congestion_surcharge', 0.6),
    ...[minimum('trip_distance', 0), minimum('fare_amount', 2.5), minimum('tip_amount', 0), minimum('tolls_amount', 0)],
    ...[minimum('total_amount', 3), minimum('vendor_id', 1), minimum('pickup_location_id', 1)],
    ...[maximum('vendor_id', 6), maximum('total_amount', 500), maximum('pickup_location_id', 263)],
    ...[members('payment_type', [1, 2, 3, 4]), members('rate_code_id', [1, 2, 3, 4, 5, 6])],
    ...[members('vendor_id', [1, 2]), members('store_and_fwd_flag', ['Y', 'N'])],
    {
      rule: 'ColumnValues "pickup_datetime" between "2018-12-31" and "2019-02-02"',
      metric: "count(*) FILTER (WHERE pickup_datetime::DATE BETWEEN '2019-01-01' AND '2019-02-01') / count(*)",
      aggregates: [
        "count(*) FILTER (WHERE pickup_datetime::DATE > '2018-12-31' AND pickup_datetime::DATE < '2019-02-02')",
      ],
      gx: {
        expectation: 'ExpectColumnValuesToBeBetween',
        arguments: { column: 'pickup_datetime', ...february },
        value: '0',
      },
    },
    {
      rule: 'ColumnValues "zone_code" matches "Z[0-9]{4}"',
      metric: "count(*) FILTER (WHERE regexp_full_match(zone_code, 'Z[0-9]{4}')) / count(*)",
      aggregates: ["count(*) FILTER (WHERE regexp_full_match(zone_code, 'Z[0-9]{4}'))"],
      soda: { check: 'invalid_count(zone_code) = 0', settings: ['valid regex: ^Z[0-9]{4}$'], value: '0' },
      gx: {
        expectation: 'ExpectColumnValuesToMatchRegex',
        arguments: { column: 'zone_code', regex: '^Z[0-9]{4}$' },
        value: '0',
      },
    },
    {
      rule: 'ColumnLength "zone_code" = 5',
      metric: 'min(length(zone_code))',
      aggregates: ['min(length(zone_code))', 'max(length(zone_code))'],
      soda: { check: 'invalid_count(zone_code) = 0', settings: ['valid length: 5'], value: '0' },
      gx: { expectation: 'ExpectColumnValueLengthsToEqual', arguments: { column: 'zone_code', value: 5 }, value: '0' },
    },
    aggregate('Mean', 'avg', 'fare_amount', 30, 50),
    aggregate('Mean', 'avg', 'trip_distance', 10, 20),
    aggregate('Mean', 'avg', 'tip_amount', 4, 6),
    aggregate('Sum', 'sum', 'total_amount', 1_000_000),
    aggregate('StandardDeviation', 'stddev_pop', 'fare_amount', 20, 23),
    aggregate('StandardDeviation', 'stddev_pop', 'total_amount', 20, 23),
    correlation('fare_amount', 'trip_distance'),
    correlation('fare_amount', 'total_amount'),
    distinct('vendor_id', '=', 2),
    distinct('pickup_location_id', '=', 263),
    distinct('zone_code', '<=', 263),
    {
      rule: 'Entropy "payment_type" > 1',
      metric: `ln(count(*)) - (${groups('payment_type', 'sum(n * ln(n))')}) / count(*)`,
      query: groups('payment_type', 'sum(n * ln(n))'),
    },
    {
      rule: 'Uniqueness "trip_id" > 0.99',
      metric: `(${groups('trip_id', 'count(*) FILTER (WHERE n = 1)')}) / count(*)`,
      query: groups('trip_id', 'count(*) FILTER (WHERE n = 1)'),
      soda: { check: 'duplicate_percent(trip_id) < 1', value: '0' },
      gx: {
        expectation: 'ExpectColumnValuesToBeUnique',
        arguments: { column: 'trip_id', mostly: 0.99 },
        value: '0',
      },
    },
    {
      rule: 'UniqueValueRatio "dropoff_location_id" < 0.1',
      metric: `(${groups('dropoff_location_id', 'count(*) FILTER (WHERE n = 1) / count(*)')})`,
      query: groups('dropoff_location_id', 'count(*) FILTER (WHERE n = 1), count(*)'),
    },
    {
      rule: 'Completeness "passenger_count" > 0.9 where "vendor_id = 2"',
      metric: 'count(passenger_count) FILTER (WHERE vendor_id = 2) / count(*) FILTER (WHERE vendor_id = 2)',
      aggregates: ['count(*) FILTER (WHERE vendor_id = 2)', 'count(passenger_count) FILTER (WHERE vendor_id = 2)'],
      soda: {
        check: 'missing_percent(passenger_count) < 10',
        settings: ['filter: vendor_id = 2'],
        value:
          'round(100 - 100 * count(passenger_count) FILTER (WHERE vendor_id = 2) / count(*) FILTER (WHERE vendor_id = 2), 2)',
      },
      gx: {
        expectation: 'ExpectColumnValuesToNotBeNull',
        arguments: {
          column: 'passenger_count',
          mostly: 0.9,
          row_condition: 'vendor_id == 2',
          condition_parser: 'pandas',
        },
        value: 'count(*) FILTER (WHERE vendor_id = 2 AND passenger_count IS NULL)',
      },
    },
    {
      rule: 'ColumnValues "fare_amount" > 0 where "payment_type = 1 and trip_distance > 0"',
      metric: 'min(fare_amount) FILTER (WHERE payment_type = 1 AND trip_distance > 0)',
      aggregates: [
        'min(fare_amount) FILTER (WHERE payment_type = 1 AND trip_distance > 0)',
        'count(*) FILTER (WHERE payment_type = 1 AND trip_distance > 0)',
      ],
      soda: { check: 'min(fare_amount) > 0', settings: ['filter: payment_type = 1 and trip_distance > 0'] },
      gx: {
        expectation: 'ExpectColumnMinToBeBetween',
        arguments: {
          column: 'fare_amount',
          min_value: 0,
          strict_min: true,
          row_condition: 'payment_type == 1 and trip_distance > 0',
          condition_parser: 'pandas',
        },
      },
    },
    {
      rule: 'CustomSql "select count(*) from primary where passenger_count = 0 and fare_amount > 0" = 0',
      metric: 'count(*) FILTER (WHERE passenger_count = 0 AND fare_amount > 0)',
      soda: {
        check: 'free_trips = 0',
        settings: ['free_trips expression: count(case when passenger_count = 0 and fare_amount > 0 then 1 end)'],
      },
    },
  ];
}

/** The ruleset of rules. */
export function rulesetOf(rules: readonly Measured[]): string {
  return `Rules = [\n${rules.map(({ rule }) => `  ${rule}`).join(',\n')}\n]\n`;
}

/** One hand-written statement with what the rules measure. */
export function handWritten(rules: readonly Measured[]): string {
  const aggregates = rules.flatMap(
    ({ aggregates, query, metric }) => aggregates ?? (query === undefined ? [metric] : [])
  );
  const queries = rules.flatMap(({ query }, index) => (query === undefined ? [] : [`(${query}) AS q${index}`]));
  return `SELECT * FROM ${[`(SELECT ${[...new Set(aggregates)].join(', ')} FROM trips)`, ...queries].join(', ')}`;
}
