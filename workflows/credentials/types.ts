import type { CredentialsDeclaration } from '../../model/credentials.js';
import type { Deployment } from '../../model/configuration.js';

/** What is kept fresh, and who is told when it cannot be. */
export interface CredentialsSettings {
  readonly credentials: CredentialsDeclaration;
  readonly deployment: Pick<Deployment, 'buckets' | 'notifications'>;
}

/** How credentials stand; also the memo `credentials` of their workflow. Nothing in it is secret. */
export interface CredentialsStatus {
  readonly name: string;
  readonly declaration: CredentialsDeclaration;
  /** Of the credentials that readers see; absent before the first. ISO 8601. */
  readonly expiration?: string;
  readonly version?: string;
  /** When they became current. ISO 8601, by the workflow's clock, as the times below. */
  readonly refreshedAt?: string;
  /** When they are refreshed next, at the latest. */
  readonly refreshAt?: string;
  /** How often they were refreshed. */
  readonly refreshes: number;
  /** Refreshes that have failed since the last that did not. */
  readonly failure?: { readonly message: string; readonly since: string; readonly attempts: number };
  /** What people were told of last, until they are told of the recovery. */
  readonly alerted?: 'not-refreshed' | 'expired';
}

/** Input of the `credentials` workflow. */
export interface CredentialsInput extends CredentialsSettings {
  /** What an execution before this one knew; set by the workflow itself. */
  readonly status?: CredentialsStatus;
  /**
   * Events after which it continues as new. The server's own suggestion counts too.
   * @default 2000
   */
  readonly maximumEvents?: number;
}
