import type { DuckDBConnection } from '@duckdb/node-api';
import { literal } from './sql-text.js';

/**
 * Writes taxi-like trips as Parquet. Every value follows from the row's number by DuckDB's hash, so that each run, on
 * any number of threads, has the same rows.
 */
export async function writeTrips(connection: DuckDBConnection, file: string, rows: number): Promise<void> {
  const part = (salt: number, of: number): string => `(hash(i * 31 + ${salt}) % ${of})::INTEGER`;
  await connection.run(`COPY (
    SELECT i AS trip_id,
      1 + ${part(1, 2)} AS vendor_id,
      TIMESTAMP '2019-01-01' + to_seconds(${part(2, 2_678_400)}) AS pickup_datetime,
      TIMESTAMP '2019-01-01' + to_seconds(${part(2, 2_678_400)} + 60 + ${part(3, 3600)}) AS dropoff_datetime,
      CASE WHEN ${part(4, 50)} = 0 THEN NULL ELSE 1 + ${part(5, 6)} END AS passenger_count,
      round(0.1 + ${part(6, 3000)} / 100.0, 2)::DOUBLE AS trip_distance,
      1 + ${part(7, 6)} AS rate_code_id,
      CASE WHEN ${part(8, 100)} = 0 THEN 'Y' ELSE 'N' END AS store_and_fwd_flag,
      1 + ${part(9, 263)} AS pickup_location_id,
      1 + ${part(10, 263)} AS dropoff_location_id,
      1 + ${part(11, 4)} AS payment_type,
      (2.5 + ${part(6, 3000)} / 40.0)::DOUBLE AS fare_amount,
      (${part(12, 3)} / 2.0)::DOUBLE AS extra,
      0.5::DOUBLE AS mta_tax,
      (${part(13, 1000)} / 100.0)::DOUBLE AS tip_amount,
      CASE WHEN ${part(14, 20)} = 0 THEN 5.76 ELSE 0 END::DOUBLE AS tolls_amount,
      0.3::DOUBLE AS improvement_surcharge,
      (3.3 + ${part(6, 3000)} / 40.0 + ${part(13, 1000)} / 100.0)::DOUBLE AS total_amount,
      CASE WHEN ${part(15, 3)} = 0 THEN NULL ELSE 2.5 END::DOUBLE AS congestion_surcharge,
      'Z' || lpad(${part(9, 263)}::VARCHAR, 4, '0') AS zone_code
    FROM range(${rows}) AS r(i)
  ) TO ${literal(file)} (FORMAT parquet)`);
}
