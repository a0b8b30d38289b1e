import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WorkflowBundleError, bundleWorkflows, loadWorkflows, workflowsDigest } from '../../workers/workflow-bundle.js';

describe('the workflow bundle', () => {
  it('is made from the TypeScript sources and holds no code that does I/O', async () => {
    const { code } = (await bundleWorkflows()) as { code: string };
    expect(code).toContain('progressQuery');
    expect(code).not.toMatch(/require\("(node:)?(fs|net|http|crypto)"\)/);
    expect(code).not.toContain('@aws-sdk/client-');
  });

  it('belongs to its workflows: an installation without it, or with another one, runs nothing', async () => {
    const root = await mkdtemp(join(tmpdir(), 'sluice-bundle-'));
    try {
      const traits = { versioned: false, encrypted: false };
      const workflows = join(root, 'workflows');
      await mkdir(workflows);
      await writeFile(join(workflows, 'index.js'), 'export const nothing = 1;');
      await expect(loadWorkflows(traits, root)).rejects.toThrow(WorkflowBundleError);
      const bundle = join(root, 'workflows-bundle.js');
      await writeFile(bundle, 'the bundle');
      await writeFile(join(root, 'workflows-bundle.sha256'), await workflowsDigest(workflows));
      expect(await loadWorkflows(traits, root)).toEqual({ codePath: bundle });
      const { code } = (await loadWorkflows({ ...traits, versioned: true }, root)) as { code: string };
      expect(code).toMatch(/^globalThis\.sluiceWorkerTraits=.*"versioned":true.*;the bundle$/);
      await writeFile(join(workflows, 'index.js'), 'export const nothing = 2;');
      await expect(loadWorkflows(traits, root)).rejects.toThrow(
        /workflows-bundle\.js is missing, or was built from other/
      );
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
