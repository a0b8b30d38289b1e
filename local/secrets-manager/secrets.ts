import { randomBytes } from 'node:crypto';
import { AwsError } from '../gateway/aws-error.js';
import { epochSeconds } from '../gateway/check-request.js';
import type { EntityStore } from '../state/entity-store.js';

/** What a version holds: one of the two. */
export interface SecretValue {
  readonly SecretString?: string;
  /** Base64. */
  readonly SecretBinary?: string;
}

/** One version of a secret. */
export interface SecretVersion {
  readonly value: SecretValue;
  /** Staging labels; a version without any is deprecated. */
  readonly stages: readonly string[];
  /** Seconds since the epoch. */
  readonly createdDate: number;
}

/** A secret with its versions by id: one entity, so that labels move in one step. */
export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly description?: string;
  readonly kmsKeyId?: string;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly createdDate: number;
  readonly lastChangedDate: number;
  /** When it is deleted for good, if it is marked for deletion. */
  readonly deletionDate?: number;
  readonly versions: Readonly<Record<string, SecretVersion>>;
}

/** Deprecated versions beyond the latest of so many are forgotten. */
const maximumVersions = 100;

const notFound = (what = 'secret'): AwsError =>
  new AwsError('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}.`);

/** Secrets by name, with AWS's rules for versions and staging labels. */
export class Secrets {
  constructor(
    private readonly store: EntityStore<Secret>,
    private readonly identity: { readonly account: string; readonly region: string }
  ) {}

  /** A secret by name, ARN or ARN without its random end. @throws AwsError `ResourceNotFoundException`. */
  find(id: string): Secret {
    const [, name] = /^arn:aws[a-z-]*:secretsmanager:[^:]*:\d{12}:secret:(.+)$/.exec(id) ?? [];
    const candidates = name === undefined ? [id] : [name, name.replace(/-[A-Za-z0-9]{6}$/, '')];
    for (const candidate of candidates) {
      const secret = this.store.get(candidate);
      const isMeant = secret && (name === undefined || secret.arn === id || secret.arn.slice(0, -7) === id);
      if (!isMeant) continue;
      if (secret.deletionDate === undefined || secret.deletionDate > epochSeconds()) return secret;
    }
    throw notFound();
  }

  /** As {@link find}. @throws AwsError `InvalidRequestException` for one that is marked for deletion. */
  usable(id: string): Secret {
    const secret = this.find(id);
    if (secret.deletionDate === undefined) return secret;
    throw new AwsError(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion."
    );
  }

  /** Makes a secret without a version. @throws AwsError `ResourceExistsException`, `InvalidRequestException`. */
  async create(name: string, of: Pick<Secret, 'description' | 'kmsKeyId' | 'tags'>): Promise<Secret> {
    const there = this.store.get(name);
    if (there !== undefined && (there.deletionDate ?? Infinity) > epochSeconds()) {
      if (there.deletionDate === undefined) {
        throw new AwsError(
          'ResourceExistsException',
          `The operation failed because the secret ${name} already exists.`
        );
      }
      const message = "You can't create this secret because a secret with this name is already scheduled for deletion.";
      throw new AwsError('InvalidRequestException', message);
    }
    const { account, region } = this.identity;
    const end = randomBytes(8).toString('base64').replace(/[+/=]/g, 'x').slice(0, 6);
    const arn = `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${end}`;
    const now = epochSeconds();
    const secret: Secret = { ...of, arn, name, createdDate: now, lastChangedDate: now, versions: {} };
    await this.store.put(name, secret);
    return secret;
  }

  /**
   * Adds a version under its token, which is its id. The same value again changes nothing.
   * @throws AwsError `ResourceExistsException` when the token is in use for another value.
   */
  async addVersion(secret: Secret, token: string, value: SecretValue, stages?: readonly string[]): Promise<Secret> {
    const there = secret.versions[token];
    if (there !== undefined) {
      if (JSON.stringify(there.value) === JSON.stringify(value)) return secret;
      throw new AwsError(
        'ResourceExistsException',
        `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`
      );
    }
    // The first version is the current one, whatever labels were asked for.
    const isFirst = Object.keys(secret.versions).length === 0;
    const labels = [...new Set([...(stages ?? ['AWSCURRENT']), ...(isFirst ? ['AWSCURRENT'] : [])])];
    const version: SecretVersion = { value, stages: [], createdDate: epochSeconds() };
    const added = { ...secret, versions: { ...secret.versions, [token]: version } };
    return await this.change(labels.reduce((changed, label) => moveLabel(changed, label, token), added));
  }

  /** The version that a request means. @throws AwsError `ResourceNotFoundException`, `InvalidRequestException`. */
  version(
    secret: Secret,
    { id, stage }: { readonly id?: string; readonly stage?: string }
  ): SecretVersion & { readonly id: string } {
    const wanted = stage ?? 'AWSCURRENT';
    const [found] = Object.entries(secret.versions).filter(([key, { stages }]) =>
      id === undefined ? stages.includes(wanted) : key === id
    );
    if (found === undefined) {
      throw notFound(`secret value for ${id === undefined ? `staging label: ${wanted}` : `VersionId: ${id}`}`);
    }
    if (stage !== undefined && !found[1].stages.includes(stage)) {
      const message = 'You provided a VersionStage that is not associated to the provided VersionId.';
      throw new AwsError('InvalidRequestException', message);
    }
    return { id: found[0], ...found[1] };
  }

  /**
   * Moves a staging label, adds it or takes it away: compare and swap, since the version that has it must be named.
   * @throws AwsError `InvalidParameterException`, `ResourceNotFoundException`.
   * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
   */
  async updateStage(secret: Secret, label: string, from: string | undefined, to: string | undefined): Promise<Secret> {
    for (const id of [from, to]) if (id !== undefined) this.version(secret, { id });
    const holder = Object.entries(secret.versions).find(([, { stages }]) => stages.includes(label))?.[0];
    if (holder !== from && (holder !== to || from !== undefined)) {
      const where = holder === undefined ? 'not attached to any version' : `currently attached to version ${holder}`;
      const message =
        from === undefined
          ? `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is ${where}, so you must explicitly reference that version in RemoveFromVersionId.`
          : `The parameter RemoveFromVersionId is invalid. Staging label ${label} is ${where}.`;
      throw new AwsError('InvalidParameterException', message);
    }
    if (to === undefined && label === 'AWSCURRENT') {
      const message = "You can't remove the staging label AWSCURRENT without moving it to another version.";
      throw new AwsError('InvalidParameterException', message);
    }
    return await this.change(moveLabel(secret, label, to));
  }

  /** Keeps a changed secret. */
  async change(secret: Secret): Promise<Secret> {
    const deprecated = Object.entries(secret.versions)
      .filter(([, { stages }]) => stages.length === 0)
      .sort(([, a], [, b]) => b.createdDate - a.createdDate)
      .slice(maximumVersions)
      .map(([id]) => id);
    const versions = Object.fromEntries(Object.entries(secret.versions).filter(([id]) => !deprecated.includes(id)));
    const changed = { ...secret, versions, lastChangedDate: epochSeconds() };
    await this.store.put(secret.name, changed);
    return changed;
  }

  /** Deletes for good. */
  async remove({ name }: Secret): Promise<void> {
    await this.store.delete(name);
  }
}

/** The secret with a label on no other version than this; AWSPREVIOUS follows behind AWSCURRENT. */
function moveLabel(secret: Secret, label: string, to: string | undefined): Secret {
  const holder = Object.entries(secret.versions).find(([, { stages }]) => stages.includes(label))?.[0];
  if (holder === to) return secret;
  const versions = Object.fromEntries(
    Object.entries(secret.versions).map(([id, version]): [string, SecretVersion] => {
      const others = version.stages.filter((stage) => stage !== label);
      return [id, { ...version, stages: id === to ? [...others, label] : others }];
    })
  );
  const moved = { ...secret, versions };
  return label === 'AWSCURRENT' && holder !== undefined ? moveLabel(moved, 'AWSPREVIOUS', holder) : moved;
}
