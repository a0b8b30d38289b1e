import type { WarehouseLogin } from './actions.js';

/** What a grant is about; every list holds ARNs. */
export interface Places {
  readonly buckets: Readonly<Record<'raw' | 'lake' | 'rawArchive' | 'lakeArchive' | 'quality' | 'assets', string>>;
  /** KMS keys that data is encrypted with. */
  readonly keys: readonly string[];
  readonly tables: readonly string[];
  readonly jobs: readonly string[];
  /** The catalog, its databases and the tables in them. */
  readonly catalog: readonly string[];
  readonly rulesets: readonly string[];
  /** The role that data quality runs take on. */
  readonly qualityRole: string;
  readonly topics: readonly string[];
  readonly warehouse: {
    readonly login: WarehouseLogin;
    /** The workgroup or cluster. */
    readonly arns: readonly string[];
    /** What the login is allowed on: the workgroup, the cluster's database or user, or the secret. */
    readonly loginArns: readonly string[];
  };
}

/** Operations and what they are called on. */
export interface Grant {
  /** `<service>.<operation>`, see {@link iamActions}. */
  readonly operations: readonly string[];
  /** Buckets of S3 operations. */
  readonly buckets?: readonly (keyof Places['buckets'])[];
  /** ARNs of all other operations. */
  readonly on?: readonly string[];
}
