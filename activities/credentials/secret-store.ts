import type { CredentialsSecret } from '../../model/credentials-secret.js';
import { StepError } from '../failures.js';

/** What stands in a store. */
export interface StoredSecret {
  /** The store's own id of the version. */
  readonly id: string;
  readonly secret: CredentialsSecret;
}

/** A secret with versions, of which readers see the current one, whole. */
export interface SecretStore {
  /** For messages, such as `secret lake/reader of Secrets Manager`. */
  readonly resource: string;
  /** The current version; undefined when there is none yet. @throws StepError when it is not one of Sluice's. */
  current(): Promise<StoredSecret | undefined>;
  /** A version that an earlier attempt has put there and nobody has made current. */
  pending(version: string): Promise<CredentialsSecret | undefined>;
  /** Puts a version there that readers do not see. Stores that have no such thing do nothing. */
  stage(secret: CredentialsSecret): Promise<void>;
  /**
   * Makes a version current in one step, if the current one is still `over`.
   * @throws StepError `Transient` when another has become current in between.
   */
  promote(secret: CredentialsSecret, over: StoredSecret | undefined): Promise<void>;
}

/** The secret holds what Sluice has not written, and is not overwritten. */
export function foreignSecret(resource: string): StepError {
  return new StepError(
    'Permanent',
    resource,
    'it holds something that Sluice has not written, which is left as it is',
    'Name another secret in `credentials`, or one that is new or holds `{}`.'
  );
}

/** Somebody else has made a version current. */
export function overtaken(resource: string): StepError {
  return new StepError('Transient', resource, 'another version has become current in between');
}
