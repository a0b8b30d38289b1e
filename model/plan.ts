/** DynamoDB's attribute type descriptors, as they stand in items and exports. */
export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS';

/** One named SQL statement in Redshift's dialect, at most 100 KB. */
export interface SqlStatement {
  /** What the statement is for, such as `staging.load_order`; unique in the plan. */
  readonly name: string;
  readonly sql: string;
}

/** A column of a lake dataset and where its value stands in the item. */
export interface LakeColumn {
  /** Lower-case name in Parquet and in the Glue catalog; nested maps are joined by `_`. */
  readonly name: string;
  /** Path of attribute names from the item's top, such as `["address", "postcode"]`. */
  readonly path: readonly string[];
  /** The descriptor the model declares. An item that has another one at this path is a type mismatch. */
  readonly type: AttributeType;
  /**
   * Type in Parquet and in the catalog, in Hive's spelling: `string`, `bigint`, `int`, `decimal(p,s)`, `double`,
   * `boolean`, `binary`, `array<struct<…>>` for a list of maps, `array<string>` for sets. A DynamoDB number whose
   * model type is not given stays `string`, so that all 38 digits survive.
   */
  readonly lakeType: string;
  /** True when an item without this attribute is rejected. */
  readonly required: boolean;
  /** For a list of maps: the fields of each map, in order. */
  readonly fields?: readonly { readonly name: string; readonly type: AttributeType; readonly lakeType: string }[];
}

/** How items of one type are told apart and what is kept of them. */
export interface ItemTypePlan {
  readonly name: string;
  /** All conditions must hold. `equals` compares a string attribute; `pattern` is an anchored RE2 expression. */
  readonly match: readonly { readonly attribute: string; readonly equals?: string; readonly pattern?: string }[];
  readonly columns: readonly LakeColumn[];
}

/** Argument `--spec` of `raw_to_datalake_job`, as JSON. */
export interface LakeJobSpec {
  readonly version: 1;
  readonly table: string;
  /** The table's key attributes, for sample keys in reports. */
  readonly keys: readonly string[];
  readonly itemTypes: readonly ItemTypePlan[];
  /** What happens to items with a wrong type, without a required attribute, or of no known type. */
  readonly onReject: 'reject' | 'fail';
}

/** A landing column and how it is made from a lake row. */
export interface LandingColumn {
  /** Lower-case name in `landing.<entity>`. */
  readonly name: string;
  /** Redshift type: `varchar(n)` (n bytes), `integer`, `bigint`, `decimal(p,s)`, `double precision`, `boolean`, `date`, `timestamp`. */
  readonly type: string;
  /**
   * Where the value comes from: a lake column, a field of the exploded map, its position (from 0), or a part cut from
   * a key attribute by an RE2 pattern with one group. `writtenAt` is the lake's `sluice_written_at`, NULL where a lake of
   * 0.1.0 has no such column.
   */
  readonly source:
    | { readonly kind: 'column'; readonly column: string }
    | { readonly kind: 'field'; readonly field: string }
    | { readonly kind: 'position' }
    | { readonly kind: 'key'; readonly column: string; readonly pattern: string }
    | { readonly kind: 'writtenAt' };
  /** True when a row whose value is missing is rejected. */
  readonly required: boolean;
}

/** Argument `--spec` of a `land_<entity>_job`, as JSON. */
export interface LandJobSpec {
  readonly version: 1;
  readonly entity: string;
  /** Item type whose lake dataset is read. */
  readonly itemType: string;
  /** The lake columns that hold the item's table keys, for sample keys in reports. */
  readonly keyColumns: readonly string[];
  /**
   * When present, each item gives a row per element: of a list-of-maps column, or one row from a flattened map whose
   * columns share a prefix (field → lake column). Sources are taken in order and positions count over all of them.
   * A flattened map of which every field is missing gives no row.
   */
  readonly explode?: readonly (
    | { readonly kind: 'list'; readonly column: string }
    | { readonly kind: 'map'; readonly fields: Readonly<Record<string, string>> }
  )[];
  /** Schema-qualified, unquoted: `landing.order`. */
  readonly target: string;
  readonly columns: readonly LandingColumn[];
  /** What happens to rows whose value does not fit its column's type. */
  readonly onReject: 'reject' | 'fail';
}

/** One landing table and the Glue job that replaces it. */
export interface EntityPlan {
  readonly name: string;
  /** `land_<entity>_job`; does not exist where one job replaces all landing tables: see {@link WarehousePlan.landing}. */
  readonly jobName: string;
  readonly spec: LandJobSpec;
}

/** A procedure call of the pipeline, one transaction each. */
export interface CallPlan {
  /** The entity, dimension or fact it loads. */
  readonly name: string;
  /** `staging.load_<name>` or `dwh.merge_<name>`. */
  readonly procedure: string;
  /** `CALL …` with the named parameter `:run_key`. */
  readonly sql: string;
}

/** A report over dwh that the model declares. */
export interface ReportPlan {
  readonly name: string;
  readonly title: string;
  /**
   * Returns `period`, one column per name of `by`, and `growth` (percent), ordered by all of them. A period in which
   * nothing can be compared has one row whose `by` and `growth` are NULL.
   */
  readonly sql: string;
  readonly by: readonly string[];
}

/** A ruleset that a run is held against. */
export interface GatePlan {
  /** Name of the ruleset in Glue: `<model>_<layer>_<dataset>` unless the model names it. Unique in the plan. */
  readonly name: string;
  /** After which layer it is evaluated: after the lake, after landing (before anything is loaded), or after dwh. */
  readonly layer: 'lake' | 'landing' | 'dwh';
  /** The item type (lake), entity (landing), dimension or fact (dwh). */
  readonly dataset: string;
  /** DQDL. */
  readonly ruleset: string;
  /**
   * What happens when it does not pass: the run fails, people are alerted and it goes on, the bad rows are kept out of
   * landing (lake only), or a person decides.
   */
  readonly action: 'fail' | 'warn' | 'quarantine' | 'ask';
  /** 0 to 1. Without it every rule must pass. */
  readonly minimumScore?: number;
  /** Rules with this label must pass whatever the score. */
  readonly critical?: { readonly label: string; readonly value: string };
  /** How long a person may take, in seconds. */
  readonly approvalSeconds: number;
  /** Columns of a table that Glue does not catalogue by itself, with Hive's types: landing and dwh. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** What an incremental run does when changes since its watermark are out of PITR's reach. */
export interface IncrementalPlan {
  /** `full`: a full export at once. `approve`: after someone approved it. */
  readonly onGap: 'approve' | 'full';
  /** How long an approval is waited for, in seconds. */
  readonly approvalSeconds: number;
}

/** What {@link compile} makes of a model: JSON, the input of the `elt` workflow. */
export interface WarehousePlan {
  readonly version: 1;
  /** The model's name: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** SHA-256 in hex over the rest of the plan. */
  readonly hash: string;
  readonly source: {
    readonly table: string;
    readonly keys: readonly {
      readonly name: string;
      readonly type: 'S' | 'N' | 'B';
      readonly role: 'HASH' | 'RANGE';
    }[];
    readonly indexes: readonly {
      readonly name: string;
      readonly keys: readonly {
        readonly name: string;
        readonly type: 'S' | 'N' | 'B';
        readonly role: 'HASH' | 'RANGE';
      }[];
    }[];
  };
  readonly lake: { readonly jobName: 'raw_to_datalake_job'; readonly spec: LakeJobSpec };
  readonly entities: readonly EntityPlan[];
  /**
   * The one Glue job that replaces all landing tables. Absent where each entity has a job of its own: where the model
   * says so, and from plans of 0.1.0 and 0.2.0.
   */
  readonly landing?: { readonly jobName: string };
  /** Schemas, tables and procedures, in order; every statement can be run again without harm. */
  readonly setup: readonly SqlStatement[];
  /** Calls in waves: those of one wave may run at the same time, a wave starts when the one before has ended. */
  readonly staging: readonly (readonly CallPlan[])[];
  readonly dimensions: readonly (readonly CallPlan[])[];
  readonly facts: readonly (readonly CallPlan[])[];
  /**
   * One statement a table, `{"table": "dwh.order", "sql": "SELECT …"}`: the number of rows, unknown members left out
   * (they are counted by `unknownMembers`). Covers landing and dwh.
   */
  readonly counts: readonly { readonly table: string; readonly sql: string }[];
  /** Per fact and dimension: fact rows that took the unknown member. Columns `fact`, `dimension`, `rows`. */
  readonly unknownMembers: SqlStatement;
  readonly reports: readonly ReportPlan[];
  /**
   * Asks how far the pipeline has loaded: one row with the columns `watermark` (`2026-03-01T00:00:00.000000Z`, text in
   * UTC: everything the table held before it is in dwh) and `table_id`, or no row when a full run must come first. Needs
   * the tables of `setup`. Absent from plans of 0.1.0.
   */
  readonly watermark?: SqlStatement;
  /** How incremental runs deal with a gap that PITR does not reach. Absent from plans of 0.1.0. */
  readonly incremental?: IncrementalPlan;
  /** Days after which archives expire, at least 30; absent when they are kept for ever. */
  readonly archive?: { readonly retentionDays: number };
  /** Data quality gates in the order of their layers. Absent from plans of 0.1.0. */
  readonly gates?: readonly GatePlan[];
}
