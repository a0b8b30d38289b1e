import type { GlueRunFacts } from './glue-dpu.js';
import type { Interval } from './warehouse-time.js';

/** Capacity of the warehouse as `sluice.yaml` declares it under `cost`. */
export interface WarehouseCapacity {
  /** RPUs of a Serverless workgroup. */
  readonly baseCapacity?: number;
  /** Of a provisioned cluster, such as `ra3.4xlarge`, with the number of its nodes. */
  readonly nodeType?: string;
  readonly nodes?: number;
}

/** What a run has used. What cannot be told is null. */
export interface RunUsage {
  /** Σ of what AWS bills the exports by. */
  readonly exportBytes: number | null;
  /** Every job run and data quality run that this execution has started; null when Glue could not be asked. */
  readonly glue: readonly GlueRunFacts[] | null;
  /** When steps worked on the warehouse. */
  readonly warehouse: readonly Interval[];
  readonly s3: {
    /** Objects written to raw and lake, each by a PUT. */
    readonly puts: number | null;
    /** Objects copied to the archives' Standard-IA, each by a COPY. */
    readonly copies: number | null;
    /** Reads that are known of: of the objects written, by the next step, and of the copies, to compare them. */
    readonly gets: number | null;
    /** Bytes that raw and lake hold afterwards, in Standard. */
    readonly bytes: number | null;
    /** Bytes added to the archives, in Standard-IA. */
    readonly archivedBytes: number | null;
  };
  readonly temporal: {
    /** Actions that the histories of the run and its children show. */
    readonly actions: number | null;
    /** Heartbeats at the pace that activities keep; histories do not show them. */
    readonly heartbeats: number | null;
  };
}
