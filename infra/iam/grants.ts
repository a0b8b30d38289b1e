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
  /** Roles that may be given to Glue: that of data quality runs, and that of the jobs. */
  readonly qualityRole: string;
  readonly jobRole: string;
  readonly workerRole: string;
  readonly connections: readonly string[];
  readonly topics: readonly string[];
  /** What the usage guard keeps its records in, hears of runs by, and mails as; empty without a guard. */
  readonly usage: {
    readonly tables: readonly string[];
    readonly queues: readonly string[];
    readonly identities: readonly string[];
    /** All jobs of the account: the guard looks after those that are not Sluice's too. */
    readonly jobs: readonly string[];
  };
  /** Of `credentials` in `sluice.yaml`: roles that readers of the lake get, and secrets that they find them in. */
  readonly readers: { readonly roles: readonly string[]; readonly secrets: readonly string[] };
  readonly warehouse: {
    readonly login: WarehouseLogin;
    /** The workgroup or cluster. */
    readonly arns: readonly string[];
    /** What the login is allowed on: the workgroup, the cluster's database or user, or the secret. */
    readonly loginArns: readonly string[];
    /** Secrets that somebody logs in with: the connection's, and that of `sluice.yaml`. */
    readonly secrets: readonly string[];
  };
}

/** Operations and what they are called on. */
export interface Grant {
  /** `<service>.<operation>`, see {@link iamActions}. */
  readonly operations: readonly string[];
  /** Buckets of S3 operations. */
  readonly buckets?: readonly (keyof Places['buckets'])[];
  /** ARNs of all other operations. An empty list: there is nothing to call them on, and nothing is granted. */
  readonly on?: readonly string[];
  /** The role that `iam:PassRole` is for. Default: that of data quality runs. */
  readonly passes?: 'jobRole' | 'qualityRole';
}
