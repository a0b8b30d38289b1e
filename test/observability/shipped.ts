import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../client/sluice.js';

/** Files for Prometheus and Grafana. */
export const observability = join(root, 'observability');

/** A rule of `sluice-alerts.yml`. */
export interface AlertRule {
  readonly name: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The alert rules that ship. */
export function alertRules(): AlertRule[] {
  const file = parse(readFileSync(join(observability, 'prometheus', 'sluice-alerts.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly (Omit<AlertRule, 'name'> & { readonly alert: string })[] }[];
  };
  return file.groups.flatMap(({ rules }) => rules.map(({ alert, ...rule }) => ({ name: alert, ...rule })));
}

/** A panel of the dashboard. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

/** The dashboard that ships. */
export function dashboard(): {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
} {
  const text = readFileSync(join(observability, 'grafana', 'dashboards', 'sluice.json'), 'utf8');
  return JSON.parse(text) as ReturnType<typeof dashboard>;
}

/** Queries of the dashboard, with Grafana's variables filled in. */
export function dashboardQueries(): { readonly name: string; readonly expr: string }[] {
  return dashboard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      name: title,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$pipeline', '.*'),
    }))
  );
}
