import type { GatePlan, IncrementalPlan, ItemTypePlan, LandJobSpec, LandingColumn, WarehousePlan } from './plan.js';
import type { RedshiftType } from './redshift-type.js';

/** A column of a landing table. */
export interface EntityColumn {
  readonly name: string;
  readonly type: RedshiftType;
  readonly source: LandingColumn['source'];
  readonly required: boolean;
}

/** A landing table and how it is made from items. */
export interface Entity {
  readonly name: string;
  readonly itemType: string;
  /** As in the job's specification. */
  readonly explode?: NonNullable<LandJobSpec['explode']>;
  readonly columns: readonly EntityColumn[];
}

/** A column of `landing.<entity>`. */
export interface ColumnRef {
  readonly entity: string;
  readonly column: string;
  readonly type: RedshiftType;
}

/** One value of a fact's source row: the first of these columns that is not NULL (join columns stand on both sides). */
export type Value = readonly ColumnRef[];

/** A sort order over columns of one landing table. */
export interface OrderBy {
  readonly column: string;
  readonly descending: boolean;
}

/** A part of a date that a date dimension has as an attribute. */
export type DatePart = 'year' | 'quarter' | 'month' | 'week' | 'day' | 'dayofweek' | 'dayofyear';

interface DimensionBase {
  readonly name: string;
  readonly deletes: 'keep' | 'delete';
  /** Slowly changing dimension type: 1 overwrites, 2 keeps a row per version. */
  readonly scd: 1 | 2;
  /** Values of the unknown member by column; the others are NULL. */
  readonly unknown: Readonly<Record<string, string | number | boolean>>;
  /** Members to expect, if the model says. */
  readonly rows?: number;
}

/** A dimension whose members are rows of a landing table. */
export interface MemberDimension extends DimensionBase {
  readonly kind: 'members';
  readonly entity: string;
  readonly key: readonly ColumnRef[];
  readonly attributes: readonly ColumnRef[];
  readonly orderBy: readonly OrderBy[];
}

/** A dimension of the dates that occur in landing columns; its business key is the column `date`. */
export interface DateDimension extends DimensionBase {
  readonly kind: 'dates';
  readonly sources: readonly ColumnRef[];
  readonly attributes: readonly DatePart[];
}

export type Dimension = MemberDimension | DateDimension;

/** How a fact row finds the member of a dimension. */
export interface Lookup {
  /** The dimension's role in this fact. */
  readonly role: string;
  readonly dimension: string;
  /** `<role>key`. */
  readonly column: string;
  /** Without `through`: one value per column of the dimension's business key, in its order. */
  readonly on: readonly Value[];
  /** Of a type 2 dimension: the date or timestamp whose version is meant. */
  readonly at?: Value;
  /** The landing table whose rows say which member belongs to the values of `on`, matched with `columns`. */
  readonly through?: {
    readonly columns: readonly ColumnRef[];
    readonly where: readonly { readonly column: ColumnRef; readonly value: string | number }[];
    readonly orderBy: readonly OrderBy[];
  };
}

/** A landing table joined to a fact's rows. */
export interface Join {
  readonly entity: string;
  readonly on: readonly { readonly base: ColumnRef; readonly joined: ColumnRef }[];
  readonly outer: 'left' | 'full';
}

/** A fact table. */
export interface Fact {
  readonly name: string;
  readonly from: string;
  readonly joins: readonly Join[];
  /** The degenerate key `<name>key` and the business key it stands for. */
  readonly key?: { readonly column: string; readonly names: readonly string[]; readonly on: readonly Value[] };
  /** Key columns that tell rows apart. */
  readonly grain: readonly string[];
  readonly lookups: readonly Lookup[];
  readonly measures: readonly { readonly name: string; readonly value: Value }[];
  readonly deletes: 'keep' | 'delete';
  /** The key column that rows are spread by, if the model says. */
  readonly distribution?: string;
}

/** A year-on-year growth report. */
export interface Report {
  readonly name: string;
  readonly title: string;
  readonly fact: string;
  readonly measure: string;
  /** Role of the date dimension. */
  readonly date: string;
  readonly by: readonly { readonly role: string; readonly column: string }[];
}

/** A valid model: every reference resolved, every default filled in. */
export interface WarehouseModel {
  readonly name: string;
  readonly source: WarehousePlan['source'];
  readonly rejects: 'reject' | 'fail';
  /** Whether one Glue job replaces all landing tables, or each has a job of its own. */
  readonly landingJobs: 'packed' | 'perEntity';
  readonly incremental: IncrementalPlan;
  readonly archive?: WarehousePlan['archive'];
  readonly items: readonly ItemTypePlan[];
  readonly entities: readonly Entity[];
  readonly dimensions: readonly Dimension[];
  readonly facts: readonly Fact[];
  readonly reports: readonly Report[];
  readonly gates: readonly GatePlan[];
}
