import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../client/sluice.js';
import { metricsIn, syntaxErrors } from './promql.js';
import { alertRules, dashboard, dashboardQueries, observability } from './shipped.js';

describe('the alert rules', () => {
  const rules = alertRules();

  it('are PromQL', () => {
    expect(rules.length).toBeGreaterThan(8);
    for (const { name, expr } of rules) {
      expect(syntaxErrors(expr), name).toEqual([]);
      expect(metricsIn(expr), name).not.toEqual([]);
    }
    expect(syntaxErrors('sum by (pipeline (up)')).not.toEqual([]);
  });

  it('have names, severities and durations that Prometheus and Alertmanager take', () => {
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    for (const { name, labels, annotations, for: duration = '0s' } of rules) {
      expect(name).toMatch(/^Sluice[A-Z]\w+$/);
      expect(['critical', 'warning'], name).toContain(labels['severity']);
      expect(annotations['summary'], name).toBeTruthy();
      expect(duration, name).toMatch(/^\d+[smhd]$/);
    }
  });

  it('have a section of the runbook each, which says what it means, where to look and how to mend it', () => {
    const runbook = readFileSync(join(root, 'docs', 'runbook.md'), 'utf8');
    const sections = runbook
      .split(/^## /m)
      .slice(1)
      .filter((section) => section.startsWith('Sluice'));
    expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual(rules.map(({ name }) => name).sort());
    for (const section of sections) {
      for (const part of ['**Meaning.**', '**Look.**', '**Mend.**']) expect(section).toContain(part);
    }
    for (const { name, annotations } of rules) {
      expect(annotations['runbook_url']).toBe(`docs/runbook.md#${name.toLowerCase()}`);
    }
  });
});

describe('the configuration of Prometheus', () => {
  it('reads the rules where the compose file mounts them, and scrapes the job they name', () => {
    const config = parse(readFileSync(join(observability, 'prometheus', 'prometheus.yml'), 'utf8')) as {
      readonly rule_files: string[];
      readonly scrape_configs: { readonly job_name: string; readonly static_configs: { targets: string[] }[] }[];
    };
    const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as {
      readonly services: Record<string, { volumes?: string[]; environment?: Record<string, string> }>;
    };
    const mounts = (compose.services['prometheus']?.volumes ?? []).map((volume) => volume.split(':')[1]);
    for (const file of config.rule_files) expect(mounts).toContain(file);
    expect(config.scrape_configs.map(({ job_name: job }) => job)).toEqual(['sluice-worker']);
    const port = compose.services['worker']?.environment?.['SLUICE_METRICS_ADDRESS']?.split(':')[1];
    expect(config.scrape_configs[0]?.static_configs[0]?.targets).toEqual([`worker:${port}`]);
  });
});

describe('the dashboard', () => {
  const { panels, templating, schemaVersion, uid } = dashboard();

  it('has panels with ids of their own, side by side, not one upon the other', () => {
    expect([uid, schemaVersion]).toEqual(['sluice', 39]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          expect(taken.has(`${column} ${line}`), title).toBe(false);
          taken.add(`${column} ${line}`);
        }
      }
    }
  });

  it('asks in PromQL, of the data source that is chosen, with variables that it has', () => {
    for (const { name, expr } of dashboardQueries()) expect(syntaxErrors(expr), name).toEqual([]);
    const variables = new Set(templating.list.map(({ name }) => name));
    for (const { title, type, datasource, targets = [] } of panels) {
      if (type === 'row') continue;
      expect(datasource?.uid, title).toBe('${datasource}');
      for (const { expr } of targets) {
        for (const [, name = ''] of expr.matchAll(/\$\{?([a-z]\w*)/g)) expect(variables, title).toContain(name);
      }
    }
  });
});
